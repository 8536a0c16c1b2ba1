/* classes.c - every device that dbtvm knows. A new model is one file and one line here. */
#include "base/base.h"
#include "devices/models.h"

const struct device_class *const device_classes[] = {
	&gic_class,
	&a9_scu_class,
	&a9_timer_class,
	&a9_watchdog_class,
	&a9_gtimer_class,
	&pl310_class,
	&sp810_class,
	&sp804_class,
	&pl011_class,
	&pl031_class,
	&vexpress_sysreg_class,
	&stub_pl041_class,
	&stub_pl050_class,
	&stub_pl111_class,
	&stub_pl180_class,
	&stub_sp805_class,
	&stub_pl341_class,
	&stub_pl354_class,
	&stub_i2c_class,
	&stub_lan9118_class,
	&stub_flash_class,
	&stub_usb_class,
	&stub_cf_class,
	NULL
};
