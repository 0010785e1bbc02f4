import { primitiveCases } from './attention.ts';
import { attentionControlCases } from './attentioncontrol.ts';
import { runAttentionEdits } from './attentionedits.ts';
import { ditctrlCases } from './ditctrl.ts';
import { flowControlCases } from './flowcontrol.ts';
import { runFlowEdit } from './flowedit.ts';
import { runInfEdit } from './infedit.ts';
import { field } from './manifest.ts';
import { type CaseRunner, runMethodCases } from './method.ts';
import { runNetwork } from './networks.ts';
import { runPromptToPrompt } from './p2p.ts';
import { runPipeline } from './pipelines.ts';
import { runSchedulers } from './schedulers.ts';
import type { FixtureFolder, FixtureRunner } from './types.ts';

/** Fixtures of methods, by `method` of their manifest. */
const methods: Readonly<Record<string, FixtureRunner>> = {
  ditctrl: cases(ditctrlCases),
  flowedit: runFlowEdit,
  infedit: runInfEdit,
  p2p: runPromptToPrompt,
  primitives: cases(primitiveCases),
  'mmdit-control': cases({ ...attentionControlCases, ...flowControlCases }),
};

function cases(runners: Readonly<Record<string, CaseRunner>>): FixtureRunner {
  return async (fixture, context) => [await runMethodCases(fixture, context, runners)];
}

/** Fixtures of parts, by `kind` of their manifest. */
const kinds: Readonly<Record<string, FixtureRunner>> = {
  model: runNetwork,
  schedulers: runSchedulers,
  pipeline: runPipeline,
  'attention edits': runAttentionEdits,
};

/** Who runs a fixture; undefined where the product has no code for it. */
export function runnerOf({ manifest }: FixtureFolder): FixtureRunner | undefined {
  return lookUp(methods, field(manifest, 'method')) ?? lookUp(kinds, field(manifest, 'kind'));
}

/** What a fixture without a runner is about, for the reason of its SKIP. */
export function subjectOf({ manifest }: FixtureFolder): string {
  const named = ['method', 'class', 'kind', 'name']
    .map((key) => field(manifest, key))
    .find((name) => typeof name === 'string');
  return String(named ?? 'a fixture of this kind');
}

function lookUp(table: Readonly<Record<string, FixtureRunner>>, key: unknown): FixtureRunner | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined;
}
