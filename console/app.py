"""The Textual application.

How it is started (by the command line, or by a test)::

    ConsoleApp(open_lab, *, vault=None, user=None, read_only=False, theme=None, plain=False).run()

- `open_lab() -> console.lab.OpenedLab` is called once, in a thread, after the first frame. It imports what it needs
  (store, seed), opens the store and hands it over with `start_engine`, which makes the engine and calls its `start()`;
  that one is called in a thread too, once the first data is on screen. `stop()` is called by the console when it ends.
- A `ConsoleError` from `open_lab` ends the console: `run()` comes back, `app.refusal` holds the error and
  `app.return_code` is 1. The caller prints it, and closes the store (`app.lab.store`, None if it was never opened).
- `vault` is a Vault's id or name, `user` a username in it; without them the first Vault and its Application Owner.
- `read_only` makes every action refuse in words; `theme` is a Textual theme name (ours: "vault-night", "vault-day");
  `plain` draws with ASCII signs only.

Importing this module imports neither the store nor the engine.
"""
