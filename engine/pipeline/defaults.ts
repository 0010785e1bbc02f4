import type { ParamValue } from '../../contract/index.ts';
import { type Config, readConfig } from '../checkpoint/config.ts';
import { whatIs } from '../checkpoint/files.ts';

/** What a request takes where it says nothing. */
export interface ModelDefaults {
  /** Pixels along each side. */
  readonly size: number;
  readonly steps: number;
  readonly guidance: number;
  /** Settings of single methods that were measured on this checkpoint, by method id. */
  readonly methodSteps: Readonly<Record<string, number>>;
  readonly methodGuidance: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>;
  /** Length and rate of a clip, where the checkpoint says so. */
  readonly frames?: number;
  readonly fps?: number;
}

interface PublishedSettings {
  readonly steps: number;
  readonly guidance: number;
}

/** Published settings of the families' pipelines (diffusers' defaults of StableDiffusion3Pipeline, CogVideoXPipeline). */
const FAMILY_DEFAULTS: Readonly<Record<string, PublishedSettings>> = {
  cogvideox: { steps: 50, guidance: 6 },
  sd3: { steps: 28, guidance: 7 },
};
const OTHER_DEFAULTS: PublishedSettings = { steps: 28, guidance: 4.5 };

/**
 * A checkpoint may say what suits it in an `attune.json` beside its model_index.json:
 * `{"steps": 20, "guidance": 3, "methods": {"prompt-edit": {"steps": 24, "guidance": 2, "params": {"strength": 0.8}}}}`.
 * Without it the family's published settings and the methods' own defaults hold. Throws 'checkpoint-malformed' naming file and field.
 */
export function readModelDefaults(folder: string, family: string, size: number): ModelDefaults {
  const file = `${folder}/attune.json`;
  const published = {
    size,
    methodSteps: {},
    methodGuidance: {},
    params: {},
    ...(FAMILY_DEFAULTS[family] ?? OTHER_DEFAULTS),
  };
  if (whatIs(file) !== 'file') return published;
  const config = readConfig(file);
  const methodSteps: Record<string, number> = {};
  const methodGuidance: Record<string, number> = {};
  const params: Record<string, Record<string, ParamValue>> = {};
  const methods = config.optionalObject('methods');
  for (const id of methods?.fields ?? []) {
    const method = methods?.optionalObject(id);
    if (method === undefined) continue;
    const settings = ownSettings(method);
    if (settings.steps !== undefined) methodSteps[id] = settings.steps;
    if (settings.guidance !== undefined) methodGuidance[id] = settings.guidance;
    params[id] = paramsOf(method.optionalObject('params'));
  }
  const settings = ownSettings(config);
  const frames = config.optionalInteger('frames', { min: 1, max: 100_000 });
  const fps = config.optionalNumber('fps', { min: 1, max: 120 });
  return {
    ...(frames === undefined ? {} : { frames }),
    ...(fps === undefined ? {} : { fps }),
    size,
    steps: settings.steps ?? published.steps,
    guidance: settings.guidance ?? published.guidance,
    methodSteps,
    methodGuidance,
    params,
  };
}

function ownSettings(config: Config): { readonly steps: number | undefined; readonly guidance: number | undefined } {
  return {
    steps: config.optionalInteger('steps', { min: 1, max: 1000 }),
    guidance: config.optionalNumber('guidance', { min: 0, max: 100 }),
  };
}

/** Values are checked against the method's schema when a request is resolved. */
function paramsOf(config: Config | undefined): Record<string, ParamValue> {
  const values: Record<string, ParamValue> = {};
  for (const name of config?.fields ?? []) {
    const value = config?.raw(name);
    // A list or an object is no value of a parameter; the reader says so with the field's path.
    if (typeof value === 'boolean' || typeof value === 'string') values[name] = value;
    else if (value !== undefined) values[name] = config?.number(name) ?? 0;
  }
  return values;
}
