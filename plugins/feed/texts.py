"""Everything that the plugin says, in Korean and English."""

from __future__ import annotations

import moa

_TEXTS = {
    "head": ("📦 *{feed}* {day}", "📦 *{feed}* {day}"),
    "guide": (
        "오늘의 검증과 업로드 결과를 이 스레드에 남깁니다. 지금 확인하려면 `!피드 검증 {key}`, 상태는 `!피드 상태`.",
        "What is verified and uploaded today is told in this thread. `!feed verify {key}` looks now, `!feed status` shows all.",
    ),
    "verified": ("✅ *{feed}* 검증 통과", "✅ *{feed}* is fine"),
    "unverified": ("🚨 *{feed}* 검증 실패", "🚨 *{feed}* is not fine"),
    "exported": ("📤 *{feed}* 업로드 완료", "📤 *{feed}* is uploaded"),
    "unexported": ("🚨 *{feed}* 업로드 실패", "🚨 *{feed}* could not be uploaded"),
    "missed": (" (놓친 {time} 몫)", " (made up for {time})"),
    "rows": ("행", "Rows"),
    "size": ("크기", "Size"),
    "age": ("파일 나이", "Age"),
    "days": ("최근 {count}일", "Last {count} days"),
    "items": ("받은 상품", "Fetched"),
    "cache": ("캐시 무효화", "Cache invalidated"),
    "minutes": ("{count}분", "{count} min"),
    "old": (
        "파일이 {hours}시간 전 것입니다. {most}시간까지만 괜찮습니다.",
        "The file is {hours} hours old; at most {most} are fine.",
    ),
    "encoding": (
        "{encoding}로 읽을 수 없습니다 ({place}번째 바이트).",
        "It cannot be read as {encoding} (at byte {place}).",
    ),
    "columns": ("열이 없습니다: {columns}", "Columns are missing: {columns}"),
    "ragged": (
        "열 개수가 다른 행이 {count}개 있습니다 (처음은 {line}행).",
        "{count} rows have another number of columns (line {line} is the first).",
    ),
    "twice": (
        "`{column}`이 겹치는 값이 {count}개 있습니다 (예: {example}).",
        "{count} values of `{column}` are there more than once ({example}, say).",
    ),
    "few": ("{rows}행뿐입니다. 적어도 {least}행이어야 합니다.", "There are {rows} rows; there must be {least} at least."),
    "change": (
        "어제 {before}행에서 {rows}행이 되었습니다 ({change} %).",
        "There were {before} rows the day before, and now {rows} ({change} %).",
    ),
    "status": ("{url} 이(가) {status}(으)로 답했습니다.", "{url} answered {status}."),
    "json": ("{url} 이(가) JSON 목록을 주지 않았습니다.", "{url} gave no JSON list."),
    "empty": (
        "조건에 맞는 상품이 없어 올리지 않았습니다 (받은 상품 {count}개).",
        "Nothing meets the conditions, so nothing was uploaded ({count} items were fetched).",
    ),
    "unset": ("만들려면 설정에 `url`과 `columns`가 있어야 합니다.", "To export, `url` and `columns` must be configured."),
    "AccessDenied": ("{what}: 허락되지 않았습니다. 로그에 필요한 설정이 있습니다.", "{what}: not allowed. The log has the line to add."),
    "NotFound": ("{what}: 없습니다.", "{what}: it is not there."),
    "OverLimit": ("{what}: 너무 큽니다. `limits`를 보세요.", "{what}: too large; see `limits`."),
    "Uncertain": ("{what}: 되었는지 알 수 없습니다. 확인해 주세요.", "{what}: nobody knows whether it was done. Please look."),
    "HostError": ("{what}: 지금은 닿지 않습니다.", "{what}: cannot be reached now."),
    "none": (
        "설정된 피드가 없습니다. 운영자가 `[plugin.feed.config.feeds.이름]`에 적습니다.",
        "No feed is configured: the operator writes `[plugin.feed.config.feeds.NAME]`.",
    ),
    "which": ("어느 피드인가요? {feeds}", "Which feed? {feeds}"),
    "unknown": ("`{feed}` 피드는 없습니다. 있는 것: {feeds}", "There is no feed `{feed}`; there are {feeds}."),
    "never": ("아직 기록이 없습니다.", "Nothing is known yet."),
    "columns-of-status": ("피드\t행\t업로드\t검증", "feed\trows\texport\tverify"),
    "columns-of-history": ("날짜\t행\t검증", "day\trows\tverified"),
}


KNOWN = {"AccessDenied", "NotFound", "OverLimit", "Uncertain"}
"""Refusals of the host that have a text of their own."""


def text(language: str, name: str, **what: object) -> str:
    """A text in the reader's language; what is filled in is plain."""
    return filled(_TEXTS[name][language != "ko"], **what)


def filled(template: str, **what: object) -> str:
    """A text with its holes filled in; where there is nothing for one it stays."""
    for name, value in what.items():
        template = template.replace("{" + name + "}", moa.text.plain(value))
    return template
