import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SLOW } from '../vitest.fast.config.ts';

test('the files that `npm run test:fast` leaves out are there, so that none comes back in under another name', () => {
  expect(SLOW.filter((path) => !existsSync(join(import.meta.dirname, '..', path)))).toEqual([]);
});
