"""Tokens for scripts: make one, see when each was used last, revoke it."""

from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dash_app.auth import current_viewer
from dash_app.components.attributes import aria
from dash_app.components.states import empty, problem
from dash_app.components.tables import table
from dash_app.context import PageContext
from dash_app.language import _, marked
from dash_app.ports import PageQueries
from dash_app.signin.identities import Identities
from dash_app.text import ago, format_day
from dash_app.urls import link
from maxwatt.config import Settings
from maxwatt.domain.api_tokens import MAX_DAYS, ApiToken
from maxwatt.domain.clock import now_ms
from maxwatt.domain.errors import InputError
from maxwatt.domain.formatting import local_time
from maxwatt.domain.viewer import Viewer

_DAYS: Final = 90


class TokensPage:
    """The page of who is signed in; a token shows what its owner sees, and administrators may make one that shows all.

    Args:
        identities: keeps the tokens.
        zone: the site's time zone.
    """

    NAME: Final = marked("API tokens")
    PATHS: Final = ("/tokens",)
    PLACE: Final = "user"

    def __init__(self, identities: Identities, zone: str) -> None:
        self._identities, self._zone = identities, zone

    def layout(self, context: PageContext) -> html.Div:
        """The form and the list."""
        viewer = context.viewer
        return html.Div(
            [
                html.Div(html.H1(_(self.NAME)), className="mw-title-row"),
                _explanation(),
                _form(viewer),
                html.Div(id="tokens-new", role="status"),
                html.Div(self._list(viewer), id="tokens-list", className="mw-card"),
            ],
            className="mw-tokens",
        )

    def register(self, app: Dash, queries: PageQueries) -> None:
        """Making and revoking; both ask the gate who it is, and change only what is theirs."""
        del queries

        @app.callback(
            Output("tokens-new", "children"),
            Output("tokens-list", "children", allow_duplicate=True),
            Output("tokens-name", "value"),
            Input("tokens-make", "n_clicks"),
            State("tokens-name", "value"),
            State("tokens-days", "value"),
            State("tokens-all", "checked"),
            prevent_initial_call=True,
        )
        def make(_clicks: int | None, name: object, days: object, everything: object) -> tuple[Any, Any, Any]:
            viewer = current_viewer()
            sees_all = viewer.sees_all and (everything is True or not viewer.user)
            try:
                token = self._identities.add_token(
                    viewer.user, str(name or ""), _whole(days), now_ms(), sees_all=sees_all
                )
            except InputError as error:
                return problem(_("No token was made."), error.message), no_update, no_update
            return _told_once(token), self._list(viewer), ""

        @app.callback(
            Output("tokens-list", "children"),
            Input({"type": "tokens-revoke", "token": ALL}, "n_clicks"),
            prevent_initial_call=True,
        )
        def revoke(clicks: Sequence[int | None]) -> Any:
            viewer, pressed = current_viewer(), ctx.triggered_id
            if not any(clicks) or not isinstance(pressed, dict):
                return no_update
            self._identities.revoke_token(_whole(pressed.get("token")), viewer.user)
            return self._list(viewer)

    def _list(self, viewer: Viewer) -> Any:
        tokens, present = self._identities.tokens(viewer.user), now_ms()
        if not tokens:
            return empty(_("No tokens yet"), _("A token lets a script of yours ask the API in your name."))
        heads = [_("Name"), "", _("Expires"), _("Last used"), _("Shows"), _("Made")]
        return table(heads, [self._row(token, present) for token in tokens], _("Your tokens"))

    def _day(self, ts_ms: int) -> str:
        return format_day(local_time(ts_ms, self._zone))

    def _row(self, token: ApiToken, present_ms: int) -> list[Any]:
        over = token.expires_ms <= present_ms
        return [
            token.name,
            _revoke_button(token),
            _("expired") if over else self._day(token.expires_ms),
            ago(token.used_ms, present_ms) if token.used_ms else _("never"),
            _("all jobs") if token.sees_all else _("your jobs"),
            self._day(token.created_ms),
        ]


def shown_to(_viewer: Viewer, _settings: Settings) -> bool:
    """Everybody has their own."""
    return True


def _explanation() -> html.P:
    return html.P(
        [
            _("A token lets a script ask the API in your name: send it as"),
            " ",
            html.Code("Authorization: Bearer mwt_…"),
            ". ",
            html.A(_("What the API answers"), href=link("/api/v1/docs")),
        ]
    )


def _form(viewer: Viewer) -> html.Div:
    all_jobs = dmc.Checkbox(id="tokens-all", label=_("Shows everybody's jobs"), checked=not viewer.user)
    return html.Div(
        [
            dmc.TextInput(id="tokens-name", label=_("What it is for"), w=260),
            dmc.NumberInput(id="tokens-days", label=_("Days it lives"), value=_DAYS, min=1, max=MAX_DAYS, w=130),
            all_jobs if viewer.sees_all else dcc.Store(id="tokens-all"),
            dmc.Button(_("Make a token"), id="tokens-make"),
        ],
        className="mw-tokens-form",
    )


def _revoke_button(token: ApiToken) -> dmc.Button:
    return dmc.Button(
        _("Revoke"),
        id={"type": "tokens-revoke", "token": token.token_id},
        variant="default",
        size="compact-sm",
        **aria(label=_("Revoke {name}", name=token.name)),
    )


def _told_once(token: str) -> html.Div:
    return html.Div(
        [
            html.Strong(_("Copy it now: it is not shown again.")),
            html.Div([html.Code(token, id="tokens-text"), dcc.Clipboard(target_id="tokens-text", title=_("Copy"))]),
        ],
        className="mw-tokens-new",
    )


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
