import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { availableMemory } from './available.ts';

it('there is some memory to be had, and not more than the machine has', () => {
  expect(availableMemory()).toBeGreaterThan(2 ** 20);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
