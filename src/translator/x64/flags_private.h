/* flags_private.h - what flags.c, flags_recipe.c and flags_join.c share. */
#ifndef DBTVM_TRANSLATOR_X64_FLAGS_PRIVATE_H
#define DBTVM_TRANSLATOR_X64_FLAGS_PRIVATE_H

#include "base/base.h"
#include <string.h>

#include "translator/x64/emit.h"

static inline bool flags_is_branch(const struct ir_insn *op)
{
	static_assert(IR_BR == IR_BRC + 1 && IR_BRZ == IR_BRC + 2 && IR_BRNZ == IR_BRC + 3, "they are neighbours");
	return (unsigned)op->op - IR_BRC <= IR_BRNZ - IR_BRC;
}
/* kind, a, b */
static inline uint32_t recipe_head(const struct recipe *r)
{
	uint32_t head;

	memcpy(&head, r, sizeof(head));
	return head & 0xffffff;
}
/* Flags in their present state that the current op or anything after it may read. */
uint8_t flags_needed(const struct emit *e);

/* All flags that @f has a recipe for. */
uint8_t recipe_flags(const struct flag_state *f);
/* Gives the same, whichever flags it is used for. */
static inline bool recipe_same(const struct recipe *r, const struct recipe *s)
{
	static_assert(offsetof(struct recipe, flags) == 3 && offsetof(struct recipe, imm) == 4, "the first three bytes are compared at once");
	return !((r->imm ^ s->imm) | (recipe_head(r) ^ recipe_head(s)));
}
/* Of @flags all that share a slot of struct flag_state with any of @some. */
static inline uint8_t recipe_groups(uint8_t flags, uint8_t some)
{
	return flags & (some & IR_NZ ? some | IR_NZ : some);
}
/* The recipe that gives all of @need, with every flag that it gives. */
bool recipe_whole(const struct flag_state *f, uint8_t need, struct recipe *out);
bool recipe_uses(const struct recipe *r, ir_ref ref);
/* Takes @flags from it. One slot gives only the flags of its group, but any group's recipe may give more. */
void recipe_drop(struct recipe *r, uint8_t flags);
/*
 * Of @flags those that @r does not keep giving from op @from (its own results included) for as long as they are live. All that one slot of struct
 * flag_state has of them live and end together.
 */
uint8_t recipe_ends(const struct emit *e, const struct recipe *r, uint8_t flags, unsigned from);
/* Puts the recipe's flags into EFLAGS; all others there are lost. */
void recipe_emit(struct emit *e, struct recipe r);

#endif
