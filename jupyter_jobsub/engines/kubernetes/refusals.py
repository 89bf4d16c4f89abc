"""Why the cluster refuses to have a Pod made, in words, and whether it always will."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...model.resources import parse_memory
from .errors import Refused
from .words import amount

_EXCEEDED = re.compile(r"exceeded quota: ([^,]*), requested: (.*), used: (.*), limited: (\S*)")
_UNSAID = re.compile(r"failed quota: ([^:]*): must specify (.*)")
_BOUND = re.compile(r"(maximum|minimum) (\S+) usage per (Container|Pod) is ([^\s,]+)")
_WEBHOOK = re.compile(r'admission webhook "([^"]*)" denied the request: (.*)', re.DOTALL)
_SECURITY = re.compile(r'violates PodSecurity "([^":]*)[^"]*": (.*)', re.DOTALL)
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_ACCOUNT = re.compile(r'serviceaccount "([^"]*)" not found')
_RIGHT = re.compile(r'User "([^"]*)" cannot (\w+) resource "([^"]*)"')
_NAMESPACE = re.compile(r'namespaces "([^"]*)" not found')
_ENDING = re.compile(r"unable to create new content in namespace (\S+)")
_PRIORITY = re.compile(r"no PriorityClass with name (\S+)")
_LATER = ("try again", "not yet ready", "timed out", "request timeout")
_ADMINISTRATOR = "ask who runs the cluster"


@dataclass(frozen=True)
class Refusal:
    """Why a Pod could not be made.

    Parameters
    ----------
    message:
        For people.
    passing:
        The same may be taken another time.
    """

    message: str
    passing: bool = False


def refusal(error: Refused) -> Refusal:
    """Put into words why the API server would not make an object."""
    text = error.message
    if found := _EXCEEDED.search(text):
        return _over_quota(*found.groups())
    if error.status in (409, 429) or any(sign in text for sign in _LATER):
        return Refusal("the cluster asks to try again later", passing=True)
    if words := _of_the_administrator(text):
        return Refusal(words, passing=True)
    return Refusal(_known(text) or f"the cluster refuses its Pod: {_last(text)}; {_ADMINISTRATOR}")


def _over_quota(name: str, requested: str, used: str, limited: str) -> Refusal:
    asks, has, most = _amounts(requested), _amounts(used), _amounts(limited)
    short = [key for key in asks if _number(asks[key]) + _number(has.get(key)) > _number(most.get(key))]
    never = [key for key in asks if _number(asks[key]) > _number(most.get(key))]
    each = ", ".join(
        f"{_show(key, has.get(key, '0'))} of {_show(key, most.get(key, '0'))} in use, it asks"
        f" {_show(key, asks[key])}"
        for key in never or short or asks
    )
    if never:
        text = f"asks for more than the cluster's quota {name} has: {each}; choose a smaller instance type"
        return Refusal(text)
    return Refusal(f"the cluster's quota {name} is used up: {each}", passing=True)


def _known(text: str) -> str:
    """Say what is wrong if it is one of the usual things; "" if not."""
    if found := _UNSAID.search(text):
        missing = f"wants every container to say its {found[2].strip()}"
        return f"the cluster's quota {found[1]} {missing}: choose an instance type that does"
    if bounds := _BOUND.findall(text):
        each = ", ".join(f"{which} {_show(what, much)} a {whole}" for which, what, whole, much in bounds)
        remedy = "choose another instance type, or see keeper_resources in the configuration"
        return f"the cluster has limits in its namespace: {each}; {remedy}"
    if found := _SECURITY.search(text):
        return f"the cluster's Pod security ({found[1]}) forbids: {_IN_BRACKETS.sub('', found[2]).strip()}"
    if found := _WEBHOOK.search(text):
        return f"a rule of the cluster ({found[1]}) forbids it: {found[2].strip()}"
    if found := _PRIORITY.search(text):
        return f"there is no priority class {found[1]}: {_ADMINISTRATOR}"
    return ""


def _of_the_administrator(text: str) -> str:
    """Say what no job can run without, wrong as none of them is; "" if that is not it."""
    if found := _RIGHT.search(text):  # an API server that has just been started knows of no rights yet
        return f"the service's account {found[1]} has no right to {found[2]} {found[3]}: {_ADMINISTRATOR}"
    if found := _ACCOUNT.search(text):
        return f"there is no service account {found[1]}: see service_account in the configuration"
    if found := _NAMESPACE.search(text):
        return f"there is no namespace {found[1]}: see namespace in the configuration"
    if found := _ENDING.search(text):
        return f"the namespace {found[1]} is being deleted: see namespace in the configuration"
    return ""


def _amounts(text: str) -> Mapping[str, str]:
    return dict(each.split("=", 1) for each in text.split(",") if "=" in each)


def _number(amount: str | None) -> float:
    if not amount:
        return 0.0
    if amount.endswith("m"):
        return float(amount[:-1]) / 1000
    return float(amount) if amount.replace(".", "", 1).isdigit() else float(parse_memory(amount))


def _show(what: str, much: str) -> str:
    return amount(what.removeprefix("requests.").removeprefix("limits."), much)


def _last(text: str) -> str:
    """Leave out whose object it is about."""
    return re.sub(r"^\S+ (\"\S+\" )?is (forbidden|invalid): ", "", text.strip()).rstrip(".")
