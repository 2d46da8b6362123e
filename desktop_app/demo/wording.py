"""What the demonstration says while it runs, in the program's two languages."""

_WORDS = {
    "zh_CN": {
        "folder": "结果目录：{folder}",
        "center": "省中心已启动：{url}",
        "codes": "激活码已发放：{count} 个",
        "cables": "转发器已接好：{count} 条",
        "terminals": "终端已启动：{names}",
        "offscreen": "没有显示器，窗口在后台绘制（offscreen）",
        "step": "{name}：{step}（{seconds:.1f} 秒）",
        "cut": "{name}：网络已切断，不通知任何一方",
        "restore": "{name}：网络已接回（断开 {seconds:.1f} 秒）",
        "failed": "{name}：第 {step} 步没有做到：{why}",
        "ended": "{name}：进程提前结束，代码 {code}，见 {output}",
        "slow": "{name}：{limit:.0f} 秒内没有演完",
        "backups": "五个库已备份",
        "summary": "汇总已写入 {path}",
        "good": "全部达到要求，用时 {seconds:.0f} 秒",
        "bad": "有 {count} 项没有达到要求，用时 {seconds:.0f} 秒",
        "open": "窗口留给您操作；关闭全部窗口或按 Ctrl+C 结束",
        "stopped": "已中止，所有进程已结束",
        "row.name": "项目",
        "row.measured": "实测",
        "row.goal": "要求",
    },
    "en": {
        "folder": "Results in {folder}",
        "center": "Center is up: {url}",
        "codes": "{count} activation codes issued",
        "cables": "{count} forwarders connected",
        "terminals": "Terminals started: {names}",
        "offscreen": "No display: windows are painted offscreen",
        "step": "{name}: {step} ({seconds:.1f} s)",
        "cut": "{name}: link cut, nobody is told",
        "restore": "{name}: link is back (cut for {seconds:.1f} s)",
        "failed": "{name}: step {step} did not come about: {why}",
        "ended": "{name}: the process ended early with code {code}, see {output}",
        "slow": "{name}: not through within {limit:.0f} s",
        "backups": "The five stores are backed up",
        "summary": "Summary written to {path}",
        "good": "Everything is as it should be, after {seconds:.0f} s",
        "bad": "{count} figures are not as they should be, after {seconds:.0f} s",
        "open": "The windows are yours; close them all or press Ctrl+C to end",
        "stopped": "Stopped; every process has ended",
        "row.name": "What",
        "row.measured": "Measured",
        "row.goal": "Goal",
    },
}

LANGUAGES = tuple(_WORDS)


def words(language: str, key: str, **values: object) -> str:
    """The sentence of `key`."""
    return _WORDS[language][key].format(**values)
