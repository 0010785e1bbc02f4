/** The engine as composition roots see it: cli, bench, test and the engine process import this file and no other of the engine. */

export * from './base/errors.ts';
export * from './base/tensor.ts';
export type * from './family.ts';
export type * from './ports.ts';
