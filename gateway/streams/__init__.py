"""The websocket edge without its sockets: sessions, subscriptions, market streams, user data, the WebSocket API.

    session.py        bytes of one connection <-> messages; pings, limits, the close code
    door.py           which conversation a request path asks for
    names.py          stream names
    hub.py            who listens to what; encode once, write to all
    conversation.py   SUBSCRIBE and its sisters, for one connection
    market.py         applied frames and the clock -> market streams
    userdata.py       applied frames -> an account's events
    wsapi.py          the WebSocket API, for one connection

gateway/stream.py is the shell that owns sockets and the clock.
"""
