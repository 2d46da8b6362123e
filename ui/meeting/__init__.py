"""会议 and 签到 on the screen: the session shell, its panels and dialogs, and the sign-in page."""
