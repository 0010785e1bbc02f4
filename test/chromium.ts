import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** A Chromium for tests: the one that is named, the system's, or Playwright's own; undefined where there is none. */
function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const named = env.ATTUNE_CHROMIUM;
  const places = [
    ...(named ? [named] : []),
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    chromium.executablePath(),
  ];
  return places.find((path) => existsSync(path));
}

/** Why tests in a browser are skipped; undefined where they run. In CI they always run, and fail where there is no browser. */
export const skipReason = (found: string | undefined, ci: string | undefined): string | undefined =>
  found !== undefined || ci ? undefined : 'no Chromium is here: install it, or name one in ATTUNE_CHROMIUM';

export const noChromium = skipReason(findChromium(), process.env.CI);

export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('Tests in a browser need Chromium: "apt-get install chromium", or name one in ATTUNE_CHROMIUM.');
  // Chromium refuses to make its sandbox as root, which is what most containers run as.
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath, args: [...(isRoot ? ['--no-sandbox'] : []), ...args] });
}
