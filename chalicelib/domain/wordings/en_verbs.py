"""English words that begin a to-do, so that a title that is already an instruction is used as it is."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: Final = _words(
    """
    accept add adjust agree announce answer apply approve archive arrange ask assemble assess assign
    attach attend audit back backup bake balance bathe begin bleach book borrow breathe bring brush
    build bury buy call cancel carry change charge chase check choose chop claim clean clear climb close
    collect compare complete compose confirm connect contact continue convert cook copy correct count
    create crochet cut cycle dance debug decide declutter decorate defrost delete deliver deploy descale
    describe design develop dial discuss dismantle dispose do donate download draft draw drill drink
    drive drop dry dust eat edit email embroider empty enrol enroll enter exchange exercise explain
    explore export extend feed fetch file fill film finalise finalize find finish fix fold follow format
    frame freeze get give glue go google grade grease greet groom grow hammer hand hang harvest help hem
    hike hoover host import improve inflate inform inspect install invite iron jog join journal keep
    knit label laminate learn leave let lift list listen load lock look lubricate mail make marinate
    measure meditate meet memorise memorize mend merge message migrate mop mount move mow mulch name nap
    note notify oil open order organise organize pack paint park patch pause pay peel phone pick pitch
    plan plant plaster play plug post practice practise pray preheat prepare present press print
    proofread prune publish pull pump purchase push put raise rake read rebook reboot receive record
    recycle redeem refactor refill register rehang rehearse release remove rename renew rent repair
    repeat replace reply report repot request reschedule research reserve reset respond rest restart
    restore return review revise rewrite ride ring rotate row run sand save scan schedule scrub search
    see sell send set sew share shave shop shorten show shred sign simmer sing sketch sleep slice smile
    solve sort sow speak spend start stock stop store stretch study submit subscribe sweep swim switch
    take talk tape teach tell test text thank thaw throw tidy trade train transfer translate transplant
    trim try tune turn unload unlock unpack unplug unsubscribe update upgrade upload use vacuum varnish
    visit vote wait walk wash watch water wax weed weigh wipe withdraw work wrap write
    """
)
# Also nouns: one of these begins a thing ("Book club", "Water bill", "Call with Jonas", "Review of
# the lease") when the word after it says so.
ALSO_NOUNS: Final = _words(
    """
    answer apply back balance book brush build call care change charge check clean clear cook copy count
    cut dance design draft draw drink drive drop dust email exchange exercise feed file fill film fix
    frame hand help host import iron jog journal learn lift list look mail make meet message name note
    oil order park pay phone pick pitch plan plant play post practice present press print pump purchase
    record release rent repair reply report request research reserve review ride ring row run sale save
    scan schedule search set share show sign sketch start stock stop store stretch study swim switch
    talk test text trade train transfer trim tune turn update upgrade use visit walk wash watch water
    wax weed work wrap
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
