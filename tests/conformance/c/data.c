/* What SDKs have for what was found: rows as people see them, the thread of a day, a server outside. */
#include "conformance.h"

#include <string.h>

moa_status rows(moa_ctx *ctx) {
    moa_rows found;
    const char *file;
    moa_str data;
    OR_REFUSED(moa_sql_query(ctx, "main", "SELECT name AS 이름, data, price, sold FROM dishes ORDER BY id", NULL, 0, &found));
    if (strcmp(moa_arg_text(ctx, "how", ""), "table") == 0) return moa_reply_table(ctx, &found);
    OR_REFUSED(moa_rows_send_csv(ctx, &found, moa_here(ctx), "dishes.csv", "a *file*", &file));
    OR_REFUSED(moa_download(ctx, file, &data));
    return moa_reply(ctx, "%u bytes", (unsigned)data.len);
}

moa_status daily(moa_ctx *ctx) {
    const char *day = moa_arg_text(ctx, "day", "");
    moa_place place = moa_place_of(moa_here(ctx)->conversation), thread;
    MOA_TRY(moa_daily_thread(ctx, &place, day, moa_text(ctx, "*Feed %s*", day), moa_text(ctx, "Reports come here."), &thread));
    MOA_TRY(moa_send(ctx, &thread, moa_text(ctx, "news"), NULL));
    return moa_reply(ctx, "done");
}

moa_status web(moa_ctx *ctx) {
    moa_http request = {.method = "POST", .url = moa_arg_text(ctx, "address", ""), .headers = MOA_HEADERS({"x-moa", "soup"}),
                        .body = {"안녕", strlen("안녕")}};
    moa_http_response response;
    OR_REFUSED(moa_http_fetch(ctx, &request, &response));
    const char *there = moa_http_header(&response, "x-there");
    return moa_reply(ctx, "%u %s %s", (unsigned)response.status, there == NULL ? "-" : there, response.body);
}
