import { fuzzRounds, randomNumbers } from '../mutations.ts';
import { TARGETS } from './targets.ts';

/** Tries one target, in a process that may die of it: `node child.ts NAME`. Prints the number of each round before it begins. */
const target = TARGETS.find(({ name }) => name === process.argv[2]);
if (target === undefined) throw new Error(`There is no target ${process.argv[2]}.`);
const rounds = fuzzRounds(target.budget);
const prototype = Object.getOwnPropertyNames(Object.prototype).join();
const random = randomNumbers(target.name.length);
const attack = await target.open();
await attack.whole();
let taken = 0;
for (let round = 1; round <= rounds; round += 1) {
  process.stdout.write(`${round}\n`);
  if (await attack.round(random)) taken += 1;
  if (Object.getOwnPropertyNames(Object.prototype).join() !== prototype)
    throw new Error('Object.prototype was changed');
}
await attack.close?.();
process.stdout.write(`${JSON.stringify({ rounds, taken })}\n`);
