import type { EditRecord } from '../contract/index.ts';
import type { Host } from './host.ts';
import type { Grammar, OptionSpec, Values } from './options.ts';

/** A file that a command wrote. */
export interface Output {
  readonly kind: 'image' | 'map' | 'mask' | 'video';
  /** As a real path; `-` is standard output. */
  readonly path: string;
  readonly width: number;
  readonly height: number;
  /** Of a folder of frames: of these files one after the other. */
  readonly bytes: number;
  readonly sha256: string;
  /** The word that a map belongs to. */
  readonly word?: string;
  /** Of a video. */
  readonly frames?: number;
  readonly fps?: number;
}

/** What a command has to say at its end: `lines` to people, the rest in `--json`. */
export interface Outcome {
  readonly ok: boolean;
  readonly outputs: readonly Output[];
  readonly figures: Readonly<Record<string, number>>;
  readonly record?: EditRecord;
  readonly lines: readonly string[];
  /** Further members of the JSON object. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Command extends Grammar {
  readonly summary: string;
  /** Shown at the end of its help. */
  readonly examples: readonly string[];
  run(values: Values, host: Host): Promise<Outcome>;
  /** Lines of help that only the engine knows. */
  moreHelp?(host: Host): Promise<readonly string[]>;
}

/** Options of every command. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: 'json', type: 'flag', summary: 'print one JSON object on standard output and nothing else' },
  { name: 'quiet', short: 'q', type: 'flag', summary: 'no progress' },
  { name: 'help', short: 'h', type: 'flag', summary: 'show this help' },
];
