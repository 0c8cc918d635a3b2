/* What the two halves of the conformance plugin share. ../README.md says what it does. */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include "moa.h"

/* `ok`, or `error CASE`. */
const char *outcome(moa_ctx *ctx, moa_status status);
/* Answers `error CASE`, where the host refused what the whole command is about. */
#define OR_REFUSED(call)                                                                                                 \
    do {                                                                                                                 \
        moa_status status_ = (call);                                                                                     \
        if (status_ != MOA_OK) return moa_reply(ctx, "%s", outcome(ctx, status_));                                       \
    } while (0)

const char *or_dash(const char *text);
const char *yes(bool truth);
/* The texts with something between them, or `-`. */
const char *joined(moa_ctx *ctx, moa_strings texts, const char *between);
/* The form, with this hidden data. */
const char *form(moa_ctx *ctx, const char *data);

moa_handler brain, peek, number, bytes, big;
moa_handler talk, upload, fetch, direct, lookup, past, ask, refused, show;
moa_handler panel, pressed_ok, pressed_no, pressed_quiet, pressed_form, pressed_modal, chosen_size, submitted, noted,
    started, answered;
moa_handler happened;
moa_handler rows, daily, web;

#endif
