// Sessions: a start that was asked for is not asked for twice; what the server says draws the button anew.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  sessions: {
    asked: (clicks) => (clicks ? true : window.dash_clientside.no_update),
  },
});
