import { isAbsolute, posix, win32 } from 'node:path';

/** Where Attune keeps its things; the command line and the desktop application compute the same paths from here. */
export interface Folders {
  readonly settings: string;
  /** Checkpoints and the projects database. */
  readonly data: string;
  /** Compiled sessions and thumbnails: may be deleted at any time. */
  readonly cache: string;
  /** Logs, the journal of the queue, where pictures were last seen. */
  readonly state: string;
}

export interface Host {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function foldersOf({ platform, home, env }: Host): Folders {
  if (platform === 'win32') {
    const known = (name: string, fallback: string) => {
      const value = env[name];
      return value !== undefined && win32.isAbsolute(value) ? value : win32.join(home, 'AppData', fallback);
    };
    const roaming = known('APPDATA', 'Roaming');
    const local = win32.join(known('LOCALAPPDATA', 'Local'), 'Attune');
    return {
      settings: win32.join(roaming, 'Attune'),
      data: local,
      cache: win32.join(local, 'Cache'),
      state: win32.join(local, 'Logs'),
    };
  }
  if (platform === 'darwin') {
    const library = posix.join(home, 'Library');
    const support = posix.join(library, 'Application Support', 'Attune');
    return {
      settings: support,
      data: support,
      cache: posix.join(library, 'Caches', 'Attune'),
      state: posix.join(library, 'Logs', 'Attune'),
    };
  }
  // The XDG specification says that a relative value is to be ignored.
  const xdg = (name: string, fallback: string) => {
    const value = env[name];
    return posix.join(value !== undefined && isAbsolute(value) ? value : posix.join(home, fallback), 'attune');
  };
  return {
    settings: xdg('XDG_CONFIG_HOME', '.config'),
    data: xdg('XDG_DATA_HOME', '.local/share'),
    cache: xdg('XDG_CACHE_HOME', '.cache'),
    state: xdg('XDG_STATE_HOME', '.local/state'),
  };
}
