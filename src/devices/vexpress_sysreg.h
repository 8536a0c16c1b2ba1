/* vexpress_sysreg.h - what others may ask of the system registers: sensors to set, LEDs and clocks to see. */
#ifndef DBTVM_DEVICES_VEXPRESS_SYSREG_H
#define DBTVM_DEVICES_VEXPRESS_SYSREG_H

#include "base/base.h"

struct device;

/* The MCC's temperature in millionths of a degree C (-100 to 300 degrees). -EINVAL: not these registers, or out of range. */
int vexpress_sysreg_set_temperature(struct device *dev, int32_t microdegrees);
/* SYS_LED: bit n is user LED n. */
uint32_t vexpress_sysreg_leds(struct device *dev);
/* Hz of oscillator @index; @site 0: motherboard (0-5), 1: daughterboard (0-2). 0: there is none. */
uint32_t vexpress_sysreg_oscillator(struct device *dev, unsigned site, unsigned index);

#endif
