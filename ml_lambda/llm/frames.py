"""What a model that can only reword may say: English sentences with gaps, each right however it is filled.

A model of 135M parameters writes nonsense as soon as it may choose its words freely. Held to such a grammar
(as a JSON schema's `pattern`) it chooses among what is right. A frame is plain text with `(a|b)` for a
choice; one that it begins with is taken by code, so that two tries do not begin alike. `{hedged}` is a size
with its "about" or "at most": nothing beside it turns that. `{act}` follows a colon whatever the title is;
`to {act}`, `, {act}` and `{Act}` need a title that begins with a verb.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_SIZE: Final = ". (Just |Only |Give it ){size}."
_SHORT: Final = ". (Just |Only |){size}."
_MARK: Final = "(.|?)"

_DO: Final = (
    "(Take|Use|Find|Save) ({size}|just {size}|the next {size}) to {act}.",
    "Set aside ({size}|just {size}|the next {size}) to {act}.",
    "Take ({size}|just {size}|the next {size}) (for it|for this): {act}.",
    "Use ({size}|just {size}|the next {size}) (for it|for this): {act}.",
    "Spend ({size}|just {size}|only {size}) (on it|on this|here): {act}.",
    "Give (it|this) (just {size}|the next {size}|{size} now): {act}.",
    "Set ({size}|the next {size}) aside (for it|for this|now): {act}.",
    "Put ({size}|the next {size}) (in here|towards this|towards it): {act}.",
    "Make room now for {size} (of it|of this): {act}.",
    "Go ahead( now|): {act}" + _SIZE,
    "Start (here|right here|with this one): {act}" + _SIZE,
    "Begin (here|right here|with this one): {act}" + _SIZE,
    "(Take|Do|Try|Choose|Pick) (this|this one) (now|next|first): {act}" + _SIZE,
    "Turn to (this|this one) (now|next|first): {act}" + _SIZE,
    "Move on to (this|this one)( now|): {act}" + _SIZE,
    "(Have|Got) ({size}|{size} now|just {size})? {Act}.",
    "{Act} (now|next|first|right now)(, just|, only|. Give it) {size}.",
    "{Act}? (Just|Only|Give it|Take) ({size}|{size} now).",
    "In the next {size}: {act}.",
    "For (the next|just|only) {size}: {act}.",
    "How about ({size}|{size} now|the next {size}) (for it|for this|on this): {act}?",
    "Here is one for (just {size}|the next {size}|{size} now): {act}.",
    "Next up for ({size}|just {size}): {act}.",
)
_DO_HEDGED: Final = (
    "(Take|Use|Find) {hedged} to {act}.",
    "Set aside {hedged} to {act}.",
    "(Take|Use) {hedged} (for it|for this): {act}.",
    "Spend {hedged} (on it|on this|here): {act}.",
    "Give (it|this) {hedged}( now|): {act}.",
    "Put {hedged} (into it|into this|towards it): {act}.",
    "Make room now for {hedged}: {act}.",
    "Go ahead( now|): {act}. (Give it|Take) {hedged}.",
    "(Start|Begin) (here|right here|with this one): {act}. (Give it|Take) {hedged}.",
    "(Take|Do|Try|Choose|Pick) (this|this one) (now|next|first): {act}. (Give it|Take) {hedged}.",
    "Turn to (this|this one) (now|next|first): {act}. (Give it|Take) {hedged}.",
    "{Act}? (Give it|Take) {hedged}.",
    "Here is one for {hedged}: {act}.",
)
_UNTIL: Final = (
    "(Take|Use|Find|Save) ({size}|just {size}) before {bound} to {act}.",
    "(Take|Use|Find|Keep|Save) ({size}|just {size}) before {bound} (for it|for this): {act}.",
    "Spend ({size}|just {size}|only {size}) (on it|on this) before {bound}: {act}.",
    "Put ({size}|just {size}) (into it|into this) before {bound}: {act}.",
    "Before {bound}, (take|find|use|spend) ({size}|just {size}): {act}.",
    "{Act} before {bound}(, just|, only|. Give it) {size}.",
    "Use the time (left |)before {bound}: {act}" + _SIZE,
    "Make use of the time (until|before) {bound}: {act}" + _SIZE,
    "(Get|Fit) (it|this|this one) in before {bound}: {act}" + _SIZE,
    "Do (it|this|this one) before {bound}: {act}" + _SIZE,
)
_STEP: Final = (
    "Start with (just|only|the first) {size}( of it|): {act}.",
    "Begin with (just|only|the first) {size}( of it|): {act}.",
    "Make a (small|first|little) start, (just|only) {size}: {act}.",
    "Take a (first|small|little) step: {act}. (Just|Only|Give it|Stop after) {size}.",
    "Take (just|only) {size} (of it|to begin|to start): {act}.",
    "Give it (just|only) {size} (to start|to begin): {act}.",
    "(Do|Try) (just|only) (the first |){size}( of it|): {act}.",
    "Spend (just|only) {size} on (a start|a first step|the first step): {act}.",
    "(Only|Just) (the first {size}|{size} of it|{size} to start): {act}.",
    "{Act}, but (just|only) (the first {size}|{size} of it).",
    "{Act}. (Just|Only) (the first {size}|{size} of it|{size} to start).",
    "{Act}. (Start with|Begin with) (just |only |){size}.",
    "Get (started|going)( now| here|): {act}. (Just|Only|Stop after) {size}.",
    "Look at the first step( only|): {act}. {size}(, then stop|).",
)
_THEN: Final = (
    "(Plan|Put) (it in|this in|this one in) for {then}: {act}" + _MARK,
    "(Keep|Leave) (it|this|this one) for {then}: {act}" + _MARK,
    "(Note|Set) (it|this|this one)( down|) for {then}: {act}" + _MARK,
    "(Do|Try|Begin) (it|this|this one) {adv}: {act}" + _MARK,
    "(Start on|Turn to) (it|this|this one) {adv}: {act}" + _MARK,
    "Let (it|this|this one) wait for {then}: {act}" + _MARK,
    "How about {then}( for this| for it|): {act}?",
    "Would {then} (suit|work|fit)( for this|): {act}?",
    "Does {then} (suit|work|fit)( for this|): {act}?",
    "{Act}, (say|perhaps|maybe) {adv}?",
    "{Act} {adv}(, if it fits|, if it suits|, perhaps)?",
)
_THEN_SIZED: Final = (
    "(Keep|Leave) {size} (open|clear) {adv}( for it| for this|): {act}" + _MARK,
    "(Save|Plan|Hold|Book|Find) {size} {adv} (for it|for this|for this one): {act}" + _MARK,
    "Put {size} aside {adv} (for it|for this|for this one): {act}" + _MARK,
    "Give (it|this|this one) {size} {adv}: {act}" + _MARK,
    "Set {size} apart {adv}( for it| for this|): {act}" + _MARK,
    "How about {size} {adv}( for it| for this|): {act}?",
)
_AFTER: Final = (
    "(Once|When) {event} (ends|is done|is over), {act}?",
    "(Keep|Save|Leave) (it|this|this one) for( just| right|) after {event}: {act}" + _MARK,
    "(Do|Try|Start) (it|this|this one)( just| right| straight|) after {event}: {act}" + _MARK,
    "Turn to (it|this|this one)( just| right| straight|) after {event}: {act}" + _MARK,
    "Let (it|this|this one) come( right|) after {event}: {act}" + _MARK,
    "{Act} (just|right|straight|soon) after {event}" + _MARK,
    "{Act} (once|when) {event} (ends|is over|is done)" + _MARK,
    "How about( just| right|) after {event}: {act}?",
    "(Just|Straight|Soon) after {event}: {act}" + _MARK,
)
_AFTER_AT: Final = (
    "(Once|When) {event} (is done|is over) at {then}, {act}?",
    "{Act} at {then}, (just|right|straight) after {event}" + _MARK,
    "How about {then}, (just|right|straight) after {event}: {act}?",
    "At {then}, (just|right|straight) after {event}: {act}" + _MARK,
    "(Keep|Leave) (it|this) for {then}, (just |right |)after {event}: {act}" + _MARK,
)
_AFTER_SIZED: Final = (
    *(
        frame.removesuffix("?").removesuffix(_MARK) + _SHORT
        for frame in _AFTER
        if not frame.startswith("How")
    ),
    "(Take|Use|Find|Spend) ({size}|just {size}) (right |just |)after {event}: {act}.",
)
_BEFORE_SIZED: Final = (
    "(Take|Use|Find|Spend) ({size}|just {size}) before {event} (for this|to get set): {act}.",
    "{Act} before {event}" + _SIZE,
    "(Get|Be) (set|ready) for {event}: {act}" + _SHORT,
    "Do (it|this|this one) (just |)before {event}: {act}" + _SHORT,
    "Before {event}, (take|find|use) ({size}|just {size}): {act}.",
)
_BEFORE: Final = (
    "{Act}( just|) before {event}" + _MARK,
    "(Get|Be) (set|ready) for {event}: {act}.",
    "Do (it|this|this one) (just |)before {event}: {act}" + _MARK,
)
_DAY: Final = (
    "(Make this|Let this be) {day}: {act}" + _SHORT,
    "(Go|Move) on to {day}( now|): {act}" + _SHORT,
    "(Go on|Carry on|Keep going) with {day}( now|): {act}" + _SHORT,
    "(Start|Begin|Take on) {day}( now| here|): {act}" + _SHORT,
    "(Use|Find|Spend|Save) ({size}|just {size}) (for|on) {day}: {act}.",
    "Give {day} (just|only) {size}: {act}.",
    "{Act} (for|to make it) {day}" + _SHORT,
    "On to {day}( now|): {act}" + _SHORT,
    "Time for {day}( now|): {act}" + _SHORT,
)
_KEEP: Final = (
    "(Keep at it|Keep going|Carry on|Go on)( now| here|): {act}" + _SHORT,
    "Stay with (it|this)( now|): {act}" + _SHORT,
    *_DO,
)
_FRESH: Final = (
    "(Begin|Start) afresh( now| here|): {act}" + _SHORT,
    "Make a fresh start( now| here|): {act}" + _SHORT,
    "(Return|Go back) to (it|this)( now|): {act}" + _SHORT,
    "Give it a (new|fresh) start: {act}" + _SHORT,
    "Take this as a (new|fresh) start: {act}" + _SHORT,
    "Pick (it|this) back up( now| here|): {act}" + _SHORT,
    "{Act}( now|), for a (new|fresh) start" + _SHORT,
)
_CHOICE: Final = (
    "(Keep|Hold on to) (this|this one), or let it go: {act}?",
    "Stay with (it|this|this one), or let it go: {act}?",
    "Choose( now|): keep (it|this|this one), or let it go? {Title}.",
    "(Does|Will) (this|this one) stay, or can it go? {Title}.",
    "{Title}: (hold on to it|stay with it|keep this one), or let it go?",
    "{Title}: (is it to keep|does it stay|a keeper), or can it go?",
)
_THREE: Final = (
    "(Take on|Work through|Get through) three (alike|of a kind), {size}. (First|Start with): {act}.",
    "(Put|Take) three (alike|of a kind) together, {size}. (First|Start with): {act}.",
    "Give {size} to three (alike|of a kind). (First|Start with): {act}.",
)
REST: Final = (
    "(Take|Use) ({size}|just {size}|the next {size}) to {act}.",
    "For (the next|just|only) {size}, {act}.",
    "{Act} for (just|only|the next) {size}.",
    "{Act} now, for (just |only |){size}.",
    "{Act}. (Just|Only|Give it|Take) {size}.",
    "How about ({size}|just {size}|{size} now): {act}?",
)
# By angle: the frames for each set of parts that a draft may have; the first set within the draft's is used.
FRAMES: Final[Mapping[str, Sequence[tuple[frozenset[str], Sequence[str]]]]] = {
    "do_now": (
        (frozenset({"size", "bound"}), _UNTIL),
        (frozenset({"size"}), _DO),
        (frozenset({"hedged"}), _DO_HEDGED),
    ),
    "smallest_step": ((frozenset({"size"}), _STEP),),
    "plan_slot": (
        (frozenset({"event", "then"}), _AFTER_AT),
        (frozenset({"event"}), _AFTER),
        (frozenset({"size", "then"}), _THEN_SIZED),
        (frozenset({"then"}), _THEN),
    ),
    "anchor": ((frozenset({"event", "size"}), _AFTER_SIZED),),
    "prepare": ((frozenset({"event", "size"}), _BEFORE_SIZED), (frozenset({"event"}), _BEFORE)),
    "keep_streak": (
        (frozenset({"size", "bound"}), _UNTIL),
        (frozenset({"day", "size"}), _DAY),
        (frozenset({"size"}), _KEEP),
    ),
    "restart": ((frozenset({"size"}), _FRESH),),
    "keep_or_let_go": ((frozenset(), _CHOICE),),
    "batch": ((frozenset({"size"}), _THREE),),
    "rest": ((frozenset({"size"}), REST),),
}
