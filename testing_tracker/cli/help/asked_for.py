"""What `?` says in the conversations of `log` and `decide`, and `--help` of these commands.

It stands by itself: whoever lists the commands need not wait for the conversations.
"""

OF_LOG = (
    "A code (its beginning or end is enough), then what its cup says; or both in",
    "one line: `A17 n`, `A17 coc opi`. It is on record before the next is asked for.",
    "  n negative    coc opi what was found    coc=320 with the amount",
    "  i WHY invalid    c collected    m missed    r refused    e WHY excused",
    "  unable (`A17 u`) tried and could not    s leave this participant",
    "  u take the last line back    who, or Enter alone, who is left    q close",
    "Label of the cup: scan it after the code, or `A17 #S-104 n`. One that is on",
    "record opens its draw, as a code does.",
    "Laboratory: `lab Northside` once, then `A17 lab n` or `A17 lab coc=320`.",
    "Another day: `A17@yesterday n`, `A17@fri n`. Two draws on one day:",
    "`A17 scheduled n`, `A17 cause coc`. `?` shows this again.",
)

OF_DECIDE = (
    "An answer is a letter or its word; what belongs to it goes behind, or is asked",
    "for: `a agreed with A17`, `to php`, `d talked it over`, `f +7 court date`.",
    "What will change is said, and done only after `y`.",
    "  a accept     o other level   d decline   f defer   r reopen   t transfer",
    "  x done, of a review          s skip      b back    q quit     ? this help",
)
