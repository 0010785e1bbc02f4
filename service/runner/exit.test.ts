import { expect, it } from 'vitest';
import { exitOf } from './exit.ts';

const ended = { code: null, isKilled: false };

it('a process that the system ended, or that said so, ran out of memory', () => {
  for (const end of [
    { ...ended, signal: 'SIGKILL' },
    { ...ended, code: 137 },
    { ...ended, code: 9 },
    { ...ended, signal: 'SIGABRT', said: "terminate called after throwing an instance of 'std::bad_alloc'" },
    { ...ended, code: 134, said: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' },
  ])
    expect(exitOf(end)).toMatchObject({
      isCrash: true,
      isOutOfMemory: true,
      sentence: expect.stringMatching(/memory/),
    });
});

it('one that ended otherwise did not, nor one that was ended from here', () => {
  expect(exitOf({ ...ended, signal: 'SIGSEGV' })).toEqual({
    ...{ isCrash: true, isOutOfMemory: false },
    sentence: 'The process that runs networks ended (SIGSEGV).',
  });
  expect(exitOf({ ...ended, code: 1 }).sentence).toBe('The process that runs networks ended (code 1).');
  expect(exitOf({ ...ended, signal: 'SIGKILL', isKilled: true })).toMatchObject({
    isCrash: false,
    isOutOfMemory: false,
  });
});
