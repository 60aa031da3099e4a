"""English words that begin a to-do, so that a title that is already an instruction is used as it is."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: Final = _words(
    """
    accept add adjust agree announce answer apply approve arrange ask assemble assign attach attend back
    bake balance begin book borrow bring brush build buy call cancel carry change charge chase check
    choose clean clear close collect compare complete compose confirm connect contact continue convert
    cook copy correct count create cut debug decide declutter decorate defrost delete deliver deploy
    descale describe design develop discuss dispose do donate download draft draw drink drive drop dry
    dust eat edit email empty enrol enroll enter exchange exercise explain explore export extend feed
    fetch file fill film finalise finalize find finish fix fold follow format frame freeze get give go
    google greet grow hand hang help hoover host import improve inform inspect install invite iron jog
    join journal keep learn leave let list listen load look lubricate mail make measure meditate meet
    memorise memorize mend merge message migrate mop move mow name note notify oil open order organise
    organize pack paint park pay pick pitch plan plant play post practice practise pray prepare present
    press print proofread publish pull pump purchase push put raise rake read rebook receive record
    recycle redeem refactor refill register rehearse release remove rename renew rent repair repeat
    replace reply report repot request reschedule research reserve reset respond restart return review
    revise rewrite ride ring run save scan schedule scrub search see sell send set sew share shave shop
    shorten show sign sing sketch solve sort speak spend start stock stop store stretch study submit
    subscribe sweep swim switch take talk teach tell test text thank throw tidy trade train transfer
    translate transplant trim try tune turn unload unpack unsubscribe update upgrade upload use vacuum
    visit wait walk wash watch water weed weigh wipe withdraw work wrap write
    """
)
# Also nouns: one of these begins a thing ("Book club", "Water bill", "Call with Jonas", "Review of
# the lease") when the word after it says so.
ALSO_NOUNS: Final = _words(
    """
    answer apply balance book brush build call change charge check clear copy count cut design draft
    draw drink drive drop email exchange exercise file fill film fix frame hand help host import iron
    journal list look mail make message name note oil order park pick pitch plan plant play post
    practice present press print pump purchase record release rent repair reply report request research
    reserve review ride ring run sale save scan schedule search set show sign sketch stock store study
    switch talk test text trade train transfer trim turn update upgrade use visit walk wash watch water
    weed work wrap
    """
)
MAKES_A_NOUN: Final = _words(
    """
    & / agenda and appointment bag bill board bottle box budget card check class club contract course
    day documents draft event exam fair fees form from group guide heater homework ideas insurance
    invoice issues item items job laptop lesson letter licence license list manual materials meeting
    meter minutes money night notes of pack package paper party plan policy prep presentation process
    project proposal questions reminder report request review room sale schedule session sheet shoes
    stuff summary tank template ticket tickets time trip update versus vs week with workshop
    """
)
