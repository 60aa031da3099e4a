"""The composition root: builds each service lazily, one function per service.

Only entry files (`routes`, `consumers`, `schedules`) and tests import this. Importing it costs nothing:
every store and AWS client is imported by the function that needs it, at its first call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.contracts.http import Health
from chalicelib.contracts.ports import (
    Authenticator,
    Bus,
    Clock,
    Consents,
    Ids,
    Limiter,
    PersonalStore,
    Scorer,
    Sealer,
)
from chalicelib.gateway.endpoint import Gateway
from chalicelib.gateway.health import alive
from chalicelib.runtime.clock import RandomIds, SystemClock
from chalicelib.runtime.logging import logger

if TYPE_CHECKING:
    from chalicelib.auth.admins.service import AdminService
    from chalicelib.auth.service import IdentityService, SessionService, SignInService
    from chalicelib.auth.tokens.keys import SigningKeys
    from chalicelib.auth.tokens.service import TokenService
    from chalicelib.events.service import EventsService
    from chalicelib.profile.service import ProfileService
    from chalicelib.recommender.service import RecommenderService
    from chalicelib.recommender.settlement import SettlementService
    from chalicelib.runtime.bus import BatchBus


# --- runtime ----------------------------------------------------------------------------------


@cache
def clock() -> Clock:
    """The system clock."""
    return SystemClock()


@cache
def ids() -> Ids:
    """Random ids."""
    return RandomIds()


@cache
def bus() -> Bus:
    """The SNS bus."""
    from chalicelib.runtime import aws
    from chalicelib.runtime.bus import SnsBus
    from chalicelib.runtime.settings import settings

    return SnsBus(aws.sns(), settings().topic_arn)


@cache
def sealer() -> Sealer:
    """Sealing under each person's data key, wrapped by KMS."""
    from chalicelib.runtime.person_keys import make_sealer

    return make_sealer()


# --- gateway ----------------------------------------------------------------------------------


@cache
def limiter() -> Limiter:
    """How often an address and a person may call."""
    from chalicelib.gateway.limits import Limits
    from chalicelib.gateway.store import RateTable
    from chalicelib.runtime.settings import settings

    return Limits(RateTable(), clock(), settings())


# --- auth -------------------------------------------------------------------------------------


@cache
def sessions() -> SessionService:
    """Sessions: makes, reads, slides and ends them."""
    from chalicelib.auth.service import SessionService
    from chalicelib.auth.store import SessionTable
    from chalicelib.runtime.settings import settings

    return SessionService(SessionTable(), clock(), ids(), settings())


@cache
def sign_in() -> SignInService:
    """Sign-in; its libraries are loaded only here."""
    from chalicelib.auth.providers import configured_providers
    from chalicelib.auth.service import Endings, SignInService
    from chalicelib.auth.store import IdentityTable, SignInTable, erased
    from chalicelib.runtime.settings import settings

    tools = (clock(), ids(), settings())
    endings = Endings(IdentityTable(), sessions(), tokens, admins(), erased, limiter(), *tools)
    return SignInService(configured_providers(settings()), SignInTable(), endings, sessions(), *tools)


@cache
def identities() -> IdentityService:
    """The ways in which a person signs in."""
    from chalicelib.auth.service import IdentityService
    from chalicelib.auth.store import IdentityTable

    return IdentityService(IdentityTable(), sessions())


@cache
def tokens() -> TokenService:
    """Access and refresh tokens of apps."""
    from chalicelib.auth.store import SessionTable, erased
    from chalicelib.auth.tokens.service import TokenService
    from chalicelib.runtime.settings import settings

    return TokenService(SessionTable(), signing_keys(), erased, limiter(), clock(), ids(), settings())


@cache
def signing_keys() -> SigningKeys:
    """The keys that sign access tokens."""
    from chalicelib.auth.tokens.keys import SigningKeys
    from chalicelib.auth.tokens.store import KmsSeeds, SigningKeyTable
    from chalicelib.runtime.settings import settings

    seeds = KmsSeeds(settings().key_alias)
    return SigningKeys(SigningKeyTable(), seeds, clock(), ids().new, settings())


@cache
def admins() -> AdminService:
    """Admins and the audit of what they do."""
    from chalicelib.auth.admins.service import AdminService
    from chalicelib.auth.admins.store import AuditTable, RoleTable
    from chalicelib.auth.store import SessionTable
    from chalicelib.runtime.settings import settings

    return AdminService(RoleTable(), AuditTable(), SessionTable(), clock(), ids(), settings())


def authenticator() -> Authenticator:
    """Who is asking."""
    from chalicelib.auth.doors import Doors

    return Doors(sessions(), tokens, admins)


# --- profile ----------------------------------------------------------------------------------


@cache
def profile() -> ProfileService:
    """Profile and consents."""
    from chalicelib.profile.service import ProfileService
    from chalicelib.profile.store import ProfileTable

    return ProfileService(ProfileTable(), bus(), clock(), ids())


def consents() -> Consents:
    """What a person has agreed to."""
    return profile()


# --- events -----------------------------------------------------------------------------------


def _events(through: Bus) -> EventsService:
    from chalicelib.events.service import EventsService
    from chalicelib.events.store import SignalTable, TailTable

    return EventsService(SignalTable(), TailTable(), consents(), sealer(), through, clock())


@cache
def events() -> EventsService:
    """Ingress, the durable signal store, the tail."""
    return _events(bus())


@cache
def batch_bus() -> BatchBus:
    """The bus of consumers: one call for what a whole batch publishes."""
    from chalicelib.runtime.bus import BatchBus

    return BatchBus(bus())


@cache
def storing() -> EventsService:
    """Events as the queue `signals` uses them: publishing waits for the batch's end."""
    return _events(batch_bus())


# --- recommender ------------------------------------------------------------------------------


@cache
def scorer() -> Scorer:
    """The scoring function, invoked with a deadline."""
    from chalicelib.recommender.scorer import LambdaScorer
    from chalicelib.runtime.settings import settings

    return LambdaScorer(settings().rank_function, settings().rank_deadline_ms / 1000)


@cache
def recommender() -> RecommenderService:
    """Decides, shows, hears the reaction."""
    from chalicelib.recommender.service import RecommenderService
    from chalicelib.recommender.store import RecommenderTables
    from chalicelib.runtime.settings import settings

    return RecommenderService(RecommenderTables(), scorer(), sealer(), clock(), ids(), settings())


@cache
def settlement() -> SettlementService:
    """Turns exposures, reactions and deadlines into rewards; relays the outbox; writes the decision log."""
    from chalicelib.recommender.log import DecisionLog
    from chalicelib.recommender.settlement import SettlementService
    from chalicelib.recommender.store import RecommenderTables
    from chalicelib.runtime.settings import settings

    return SettlementService(RecommenderTables(), DecisionLog(), profile(), bus(), clock(), ids(), settings())


# --- across modules ---------------------------------------------------------------------------


def personal_stores() -> list[PersonalStore]:
    """Every store of chalicelib that holds something about a person (ml_lambda erases its own)."""
    from chalicelib.auth.admins.store import RoleTable
    from chalicelib.auth.store import IdentityTable, SessionTable
    from chalicelib.events import personal as events
    from chalicelib.gateway.store import RateTable
    from chalicelib.profile.erasing import PersonKeys
    from chalicelib.profile.store import ProfileTable
    from chalicelib.recommender import personal as recommender
    from chalicelib.recommender.log import DecisionLog
    from chalicelib.runtime.exports import ExportBucket
    from chalicelib.wiring_integrations import integrations

    return [
        *events.personal_stores(),
        *recommender.personal_stores(),
        DecisionLog(),
        ExportBucket(),
        integrations(),
        IdentityTable(),  # before the sessions: see auth's sign_in.py
        SessionTable(),
        RoleTable(),
        RateTable(),
        ProfileTable(),
        PersonKeys(sealer()),
    ]


def health_checks() -> dict[str, Callable[[], Health]]:
    """Each module's health check; `gateway`'s calls nothing."""
    from chalicelib.wiring_integrations import integrations

    return {
        "gateway": alive,
        "auth": lambda: sign_in().health(),
        "profile": lambda: profile().health(),
        "events": lambda: events().health(),
        "recommender": lambda: recommender().health(),
        "integrations": lambda: integrations().health(),
    }


api = Gateway(authenticator, limiter, ids(), logger("gateway"))
