"""How the screen looks: the terminal's own colours, a line that is turned around for the cursor, and no boxes."""

STYLE = """
Screen { background: ansi_default; color: ansi_default; }
#title { text-style: bold; height: auto; padding: 0 1; }
#trouble { height: auto; padding: 0 1; text-style: reverse; display: none; }
OptionList {
    height: 1fr; scrollbar-size-vertical: 1; border: none; padding: 0 1 0 0;
    background: ansi_default; color: ansi_default;
}
OptionList:focus { border: none; background: ansi_default; background-tint: transparent; }
OptionList > .option-list--option-highlighted, OptionList:focus > .option-list--option-highlighted {
    background: ansi_default; color: ansi_default; text-style: none;
}
OptionList > .option-list--option-hover { background: ansi_default; }
OptionList > .option-list--option-disabled { color: ansi_default; background: ansi_default; }
OptionList > .option-list--option { padding: 0; }
#said { height: auto; max-height: 6; padding: 0 1; margin: 1 0 0 0; }
#keys { height: auto; padding: 0 1; }
ModalScreen { align: center bottom; background: transparent; }
#asked, #shown { width: 100%; height: auto; max-height: 100%; border: round ansi_default; padding: 0 1; }
#asked, #shown, #asked Static { background: ansi_default; color: ansi_default; }
#beside { display: none; }
Input { background: ansi_default; color: ansi_default; border: none; height: 1; padding: 0; }
Input:focus { border: none; }
"""
