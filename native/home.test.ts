import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { foldersOf } from './folders.ts';
import { homeOf } from './home.ts';

it.skipIf(process.platform === 'win32')(
  'a home that is empty or relative is not the folder one happens to be in',
  () => {
    for (const HOME of ['', '.', 'somewhere']) expect(homeOf({ HOME })).toBe(userInfo().homedir);
    expect(homeOf({ HOME: '/anywhere' })).toBe('/anywhere');
    expect(homeOf({})).toBe(homedir());
  },
);

it('no folder of Attune is relative, whatever the environment says', () => {
  const env = Object.fromEntries(
    ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME', 'APPDATA', 'LOCALAPPDATA'].map((name) => [
      name,
      '',
    ]),
  );
  for (const [platform, home] of [
    ['linux', '/home/ann'],
    ['darwin', '/Users/ann'],
    ['win32', 'C:\\Users\\ann'],
  ] as const)
    for (const path of Object.values(foldersOf({ platform, home, env })))
      expect([platform, path.startsWith(home)]).toEqual([platform, true]);
  expect(foldersOf({ platform: 'linux', home: '/home/ann', env: { XDG_DATA_HOME: '/data' } }).data).toBe(
    join('/data', 'attune'),
  );
});
