"""会议 as records: the roster, the schedule, and who is here. What a clerk does, written as changes."""
