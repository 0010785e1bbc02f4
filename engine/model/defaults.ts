import { type ParamValue, presentMethodId, presentParams } from '../../contract/index.ts';
import { type Config, readConfig } from '../checkpoint/config.ts';
import { whatIs } from '../checkpoint/files.ts';
import type { MethodSettings, PublishedDefaults } from '../family.ts';

/** What a request takes where it says nothing. */
export interface ModelDefaults {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** What the network makes at once. */
  readonly frames: number;
  /** Frames a second; absent for networks that make one frame. */
  readonly fps?: number;
  readonly steps: number;
  readonly guidance: number;
  /** Settings of single methods that were measured on this checkpoint, by method id. */
  readonly methodSteps: Readonly<Record<string, number>>;
  readonly methodGuidance: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>;
}

/** The published defaults of a checkpoint with the size it was trained on. */
export type FamilyDefaults = PublishedDefaults & Pick<ModelDefaults, 'width' | 'height' | 'frames'>;

/**
 * A checkpoint may say what suits it in an `attune.json` beside its model_index.json:
 * `{"steps": 20, "guidance": 3, "methods": {"prompt-edit": {"steps": 24, "guidance": 2, "params": {"strength": 0.8}}}}`.
 * Without it the family's published settings and the methods' own defaults hold. Throws 'checkpoint-malformed' naming file and field.
 */
export function readModelDefaults(folder: string, { methods = {}, ...family }: FamilyDefaults): ModelDefaults {
  const file = `${folder}/attune.json`;
  if (whatIs(file) !== 'file') return { ...family, ...byMethod(methods) };
  const config = readConfig(file);
  const own = config.optionalObject('methods');
  const settings: Record<string, MethodSettings> = { ...methods };
  for (const named of own?.fields ?? []) {
    const method = own?.optionalObject(named);
    const id = presentMethodId(named);
    if (method === undefined) continue;
    const { params, ...rest } = settings[id] ?? {};
    settings[id] = {
      ...rest,
      ...ownSettings(method),
      params: { ...params, ...presentParams(paramsOf(method.optionalObject('params'))) },
    };
  }
  const frames = config.optionalInteger('frames', { min: 1, max: 100_000 });
  const fps = config.optionalNumber('fps', { min: 1, max: 120 });
  return {
    ...family,
    ...(frames === undefined ? {} : { frames }),
    ...(fps === undefined ? {} : { fps }),
    ...ownSettings(config),
    ...byMethod(settings),
  };
}

function byMethod(
  methods: Readonly<Record<string, MethodSettings>>,
): Pick<ModelDefaults, 'methodSteps' | 'methodGuidance' | 'params'> {
  const methodSteps: Record<string, number> = {};
  const methodGuidance: Record<string, number> = {};
  const params: Record<string, Readonly<Record<string, ParamValue>>> = {};
  for (const [id, { steps, guidance, params: own = {} }] of Object.entries(methods)) {
    if (steps !== undefined) methodSteps[id] = steps;
    if (guidance !== undefined) methodGuidance[id] = guidance;
    params[id] = own;
  }
  return { methodSteps, methodGuidance, params };
}

function ownSettings(config: Config): Pick<MethodSettings, 'steps' | 'guidance'> {
  const steps = config.optionalInteger('steps', { min: 1, max: 1000 });
  const guidance = config.optionalNumber('guidance', { min: 0, max: 100 });
  return { ...(steps === undefined ? {} : { steps }), ...(guidance === undefined ? {} : { guidance }) };
}

/** Values are checked against the method's schema when a request is resolved. */
function paramsOf(config: Config | undefined): Record<string, ParamValue> {
  const values: Record<string, ParamValue> = {};
  for (const name of config?.fields ?? []) {
    const value = config?.raw(name);
    // A list or an object is no value of a parameter; the reader says so with the field's path.
    if (typeof value === 'boolean' || typeof value === 'string') values[name] = value;
    else if (config !== undefined && value !== undefined) values[name] = config.number(name);
  }
  return values;
}
