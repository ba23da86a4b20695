"""The bar on top of every page: where one can go, who is signed in, and the menu of what is theirs."""

from collections.abc import Sequence
from typing import Final

import dash_mantine_components as dmc
from dash import dcc, html

from aggregator.queries.models import Status
from dash_app.auth import LOGOUT_PATH
from dash_app.components.attributes import HIDDEN, aria, data
from dash_app.components.status import simulated_badge
from dash_app.language import LANGUAGES, _, language
from dash_app.navigation import Entry
from dash_app.urls import link

APP_NAME: Final = "maxwatt"


def header(status: Status, user: str, pages: Sequence[Entry], own: Sequence[Entry]) -> dmc.AppShellHeader:
    """The bar.

    Args:
        status: says whether the data is simulated.
        user: who is signed in; empty for the administrator by token.
        pages: the navigation.
        own: pages in the menu of who is signed in.
    """
    return dmc.AppShellHeader(
        html.Div(
            [
                dmc.Burger(
                    id="burger",
                    opened=False,
                    size="sm",
                    hiddenFrom="lg",
                    **aria(label=_("Navigation"), expanded="false", controls="drawer"),
                ),
                dcc.Link(
                    [html.Span(className="mw-logo", **HIDDEN), html.Span(APP_NAME, className="mw-brand-name")],
                    href=link("/"),
                    className="mw-brand",
                ),
                html.Nav(_links(pages), className="mw-nav mw-wide-only", **aria(label=_("Pages"))),
                html.Div(className="mw-spring"),
                html.Div(simulated_badge(status.simulated), id="simulated"),
                _scheme_toggle(),
                _user_menu(user or _("Administrator"), own),
            ],
            className="mw-header",
        )
    )


def drawer(pages: Sequence[Entry]) -> dmc.AppShellNavbar:
    """The same navigation for small screens."""
    return dmc.AppShellNavbar(
        html.Div(_links(pages), className="mw-drawer"), id="drawer", **aria(label=_("Pages, small screen"))
    )


def _links(pages: Sequence[Entry]) -> list[dcc.Link]:
    return [dcc.Link(_(page.name), href=link(page.path), className="mw-nav-link") for page in pages]


def _scheme_toggle() -> dmc.ColorSchemeToggle:
    return dmc.ColorSchemeToggle(
        lightIcon=html.Span(className="mw-icon mw-icon-sun", **HIDDEN),
        darkIcon=html.Span(className="mw-icon mw-icon-moon", **HIDDEN),
        variant="subtle",
        color="gray",
        size="lg",
        **aria(label=_("Switch between light and dark")),
    )


def _user_menu(name: str, own: Sequence[Entry]) -> html.Details:
    """A plain disclosure: it works by keyboard as every button does, and assets/menu.js closes it with Esc."""
    summary = html.Summary(
        [html.Span(className="mw-icon mw-icon-user", **HIDDEN), html.Span(name, className="mw-user-name")],
        className="mw-icon-button mw-user",
        title=name,
        **aria(label=_("{name}: language and sign-out", name=name)),
    )
    pages = html.Nav(_links(own), className="mw-menu-links", **aria(label=_("Your pages"))) if own else None
    panel = html.Div([html.P(name, className="mw-menu-name"), pages, _languages(), _sign_out()], className="mw-menu")
    return html.Details([summary, panel], className="mw-user-menu mw-closes")


def _languages() -> html.Div:
    """One button for each language, in that language; assets/menu.js keeps the choice in a cookie."""
    buttons = [
        html.Button(
            name,
            type="button",
            lang=code,
            className="mw-language",
            **data(language=code),
            **aria(pressed="true" if code == language() else "false"),
        )
        for code, name in LANGUAGES.items()
    ]
    return html.Div(buttons, className="mw-languages", role="group", **aria(label=_("Language")))


def _sign_out() -> html.Form:
    button = html.Button(
        [html.Span(className="mw-icon mw-icon-out", **HIDDEN), _("Sign out")], type="submit", className="mw-menu-button"
    )
    return html.Form(button, action=link(LOGOUT_PATH), method="post")
