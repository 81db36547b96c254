type ServerClientModule = typeof import('./serverClient.js');

let loading: Promise<ServerClientModule> | undefined;

/** Loads the client of model servers once, when the first model is opened: `check` and `plan` do without it. */
export function loadServerClient(): Promise<ServerClientModule> {
  return (loading ??= import('./serverClient.js'));
}
