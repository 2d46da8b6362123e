"""Documents for paper and archive: the minutes as .docx and the sign-in list as .xlsx, in Chinese official layout."""
