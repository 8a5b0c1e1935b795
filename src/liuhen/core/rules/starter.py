"""A pack to begin with: every common parameter once, with a comment for whoever fills it in."""

from __future__ import annotations

from pathlib import Path

from ..errors import RefusedError

_PACK = """\
# 起步用的规则包：把每一项改成本单位的规定；没有规定的整项删去，程序会把沉默的地方列为疑问。
# 期限写法：PT24H 小时（节假日照算）、P20D 日、P2WD 工作日、P12M 月、P2Y 年。
id: my-regulation            # 小写字母、数字和连字符
title: 某某局行政执法音像记录管理办法
agency: 某某局
agency_kind: general
version: "1"
in_force: 2026-01-01         # 施行日期；文本没有写的填 null
# higher: [上位规定的 id]     # 低于上位规定的地方会列为疑问
roles:                       # 本办法对各个角色的称呼，没有的删去
  officer: 执法人员
  custodian: 音像记录管理人员
  leader: 分管负责人
  principal: 主要负责人
matters:                     # duty：must 必须、should 应当、as_fit 视情、need_not 不要求
  - {code: inspection, name: 现场检查, duty: must, article: "2"}
notice:
  article: "3"
  text: 开始时告知当事人正在录音录像
unrecorded:
  article: "4"
  grounds: [state_secret, trade_secret, privacy, urgent, objective]
  within: PT24H              # 没有写明时限的填 null
  to: leader
  text: 结束后制作工作记录
interruption:
  article: "5"
  causes: [device_fault, weather, battery, storage, site_change]
  # within: P2WD             # 事后书面说明写明时限的，自活动结束起算
  to: leader                 # 没有写报给谁的删去
  text: 恢复时语音说明原因；不能继续的立即报告，事后书面说明
clocks:
  - duty: handover
    article: "6"
    start: ended_at
    within: PT24H
    met_by: handover_at
    who: officer
    to: custodian
    exception: {circumstances: [offsite, remote], within: PT24H}
    text: 活动结束后 24 小时内移交；异地、偏远的返回后 24 小时内
retention:
  - {article: "7", when: case, rule: follows_dossier, text: 立案的与案卷同期}
  - {article: "7", when: always, rule: period, period: P12M, minimum: true, text: 其他的}
long_term:
  article: "8"
  copies: 1
  triggers:
    - {text: 有异议、投诉、上访, events: [objection, complaint, petition]}
articles:                    # 每一条都要列：by 由什么执行、accounted 无须执行、needs 待哪项能力，恰好一项
  "1": {gist: 目的, accounted: purpose}
  "2": {gist: 应当记录的事项, needs: [fieldwork]}
  "3": {gist: 告知, needs: [fieldwork]}
  "4": {gist: 可以不记录的情形, needs: [fieldwork]}
  "5": {gist: 中断, needs: [fieldwork]}
  "6": {gist: 移交时限, by: [{kind: clock, name: handover}]}
  "7": {gist: 保管期限, needs: [preservation]}
  "8": {gist: 长期保存, needs: [preservation]}
  "9": {gist: 施行, accounted: effect}
"""

_EXAMPLES = """\
# 每一条会执行的规定至少一个例子：事实在上，应当得出的结果在下。liuhen rules check 会逐个核对。
examples:
  - name: 普通检查，结束后 24 小时内移交
    articles: ["6"]
    facts: {activity: {ended_at: "2026-03-10T17:00:00+08:00"}}
    duties: [{duty: handover, due_at: "2026-03-11T17:00:00+08:00", state: running}]
  - name: 没有立案的，保存 12 个月
    articles: ["7"]
    facts: {recordings: [{ended_at: "2026-03-10T17:00:00+08:00"}]}
    retention: {rule: period, until: "2027-03-10"}
  - name: 紧急情况没有记录
    articles: ["4"]
    facts: {activity: {ended_at: "2026-03-10T17:00:00+08:00", not_recorded: {ground: urgent}}}
    duties: [{duty: unrecorded_report, due_at: "2026-03-11T17:00:00+08:00"}]
  - name: 电池没电后换了电池
    articles: ["5"]
    facts:
      activity:
        interruptions:
          - {cause: battery, at: "2026-03-10T10:00:00+08:00", resumed_at: "2026-03-10T10:05:00+08:00"}
    duties: [{duty: voice_reason}]
    no_duties: [interruption_report]
  - name: 当事人投诉
    articles: ["8"]
    facts: {activity: {events: [complaint]}, recordings: [{ended_at: "2026-03-10T17:00:00+08:00"}]}
    retention: {long_term: true, may_dispose: false}
"""


def write_starter(folder: Path) -> None:
    """Write `pack.yaml` and `examples.yaml`. Raises RefusedError when one is there already or cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("pack.yaml", _PACK), ("examples.yaml", _EXAMPLES)):
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError as error:
        raise RefusedError(
            f"{folder} 里已经有规则包，没有改动。", remedy="请换一个空文件夹。", code="pack_exists"
        ) from error
    except OSError as error:
        raise RefusedError(
            f"写不进 {folder}。", remedy="请换一个可写的位置。", code="not_writable"
        ) from error
