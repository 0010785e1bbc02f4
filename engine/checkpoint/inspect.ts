import { basename, join } from 'node:path';
import { AttuneError, type ErrorKind, type ErrorWhere } from '../base/errors.ts';
import { elementCount } from '../base/tensor.ts';
import { componentClass } from './detect.ts';
import type { FileDType } from './dtypes.ts';
import { whatIs } from './files.ts';
import { type Component, type ComponentSpec, missingOfComponent, openComponent, openModelFolder } from './folder.ts';
import { foreignForm, type RunFamily } from './foreign.ts';
import { estimateMemory, type MemoryEstimate } from './memory.ts';
import { readSafetensors, type SafetensorsFile } from './safetensors.ts';
import { readVocabulary } from './vocabulary.ts';
import { weightSource } from './weights.ts';

/** What a network family knows of a component; handed in, because families live in another room. */
export interface FamilyFinding {
  readonly family: string;
  /** Tensors the family needs and the weights lack. */
  readonly missingTensors: readonly string[];
  /** Bytes a run at the usual size needs besides the weights. */
  readonly activationBytes?: number;
}

export type FamilyHook = (component: Pick<Component, 'name' | 'config' | 'weights'>) => FamilyFinding | undefined;

/** The memory of the usual job with a whole model, planned by who knows how jobs run; undefined where the model cannot be opened. */
export type PlanHook = (folder: string) => Omit<MemoryEstimate, 'activationBytes'> | undefined;

export interface ComponentReport {
  readonly name: string;
  readonly library?: string;
  /** By model_index.json or the component's own config. */
  readonly className?: string;
  /** By tensor names and shapes; what the weights really are. */
  readonly detectedClass?: string;
  readonly family?: string;
  /** The weight file or index that is used, and those left aside. */
  readonly weights?: string;
  readonly otherWeights: readonly string[];
  /** Count of tensors by dtype. */
  readonly dtypes: Readonly<Partial<Record<FileDType, number>>>;
  readonly parameters: number;
  readonly bytesOnDisk: number;
}

/** A file or a tensor that should be there. */
export interface MissingPart {
  readonly component: string;
  readonly file: string;
  readonly tensor?: string;
  /** A field of a config file. */
  readonly field?: string;
}

export interface Fault {
  readonly component: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where: ErrorWhere;
}

export interface CheckpointReport {
  readonly path: string;
  readonly form: 'model' | 'component' | 'single-file';
  /** What it is, in a user's words. */
  readonly title: string;
  /** What to do when it cannot be opened as it is. */
  readonly advice?: string;
  readonly components: readonly ComponentReport[];
  readonly missing: readonly MissingPart[];
  readonly faults: readonly Fault[];
  readonly parameters: number;
  /** Weight files in use, each file once. */
  readonly bytesOnDisk: number;
  readonly memory: MemoryEstimate;
  /** How many things a model with a closed vocabulary knows; absent for one that takes free text. */
  readonly vocabulary?: Readonly<Record<'objects' | 'colours' | 'places' | 'positions', number>>;
}

/**
 * Says what a path is: a diffusers folder, one component folder, or a weight file; what it is made of, what is missing,
 * what it will need. Faults of components are collected, not thrown. Throws only when the path itself cannot be opened
 * as any of these ('checkpoint-incomplete', 'checkpoint-malformed', 'checkpoint-unsupported', 'file-failed').
 */
export function inspectCheckpoint(
  path: string,
  families: FamilyHook = () => undefined,
  plan: PlanHook = () => undefined,
  runs: readonly RunFamily[] = [],
): CheckpointReport {
  if (whatIs(path) === 'file') return inspectFile(path, runs);
  const gathered = new Gathering(families);
  if (whatIs(join(path, 'model_index.json')) === 'nothing' && whatIs(join(path, 'config.json')) === 'file') {
    const component = gathered.attempt(basename(path), () => openComponent(path));
    if (component !== undefined) gathered.addComponent(component);
    return gathered.report(path, 'component', titleOf(gathered.components[0]));
  }
  const model = openModelFolder(path);
  for (const spec of model.components.values()) gathered.addSpec(spec);
  gathered.addVocabulary(path);
  const report = gathered.report(path, 'model', model.pipeline);
  const planned = report.missing.length === 0 && report.faults.length === 0 ? plan(path) : undefined;
  return planned === undefined ? report : { ...report, memory: { ...report.memory, ...planned } };
}

function titleOf(component: ComponentReport | undefined): string {
  return component?.detectedClass ?? component?.className ?? 'a component that cannot be opened';
}

function inspectFile(path: string, runs: readonly RunFamily[]): CheckpointReport {
  const file = readSafetensors(path);
  const gathered = new Gathering(() => undefined);
  const names = [...file.tensors.keys()];
  const found = componentClass(weightSource([file], path));
  const foreign = foreignForm(names, runs);
  gathered.addWeights({ name: basename(path), ...(found && { detectedClass: found.className }) }, [file], path, []);
  if (found !== undefined) {
    const advice = 'These are the weights of one component; give the folder it lies in, or the model folder above.';
    return { ...gathered.report(path, 'single-file', `${found.title} (weights only)`), advice };
  }
  const advice = foreign?.advice ?? 'Give a folder that has a model_index.json.';
  return { ...gathered.report(path, 'single-file', foreign?.title ?? 'a safetensors file of an unknown kind'), advice };
}

class Gathering {
  readonly components: ComponentReport[] = [];
  private readonly missing: MissingPart[] = [];
  private readonly faults: Fault[] = [];
  private readonly files = new Map<string, SafetensorsFile>();
  private activationBytes: number | undefined;
  private vocabulary: CheckpointReport['vocabulary'];
  private readonly families: FamilyHook;

  constructor(families: FamilyHook) {
    this.families = families;
  }

  /** Runs `inspect`; what it refuses is noted under the component's name, and `undefined` comes back. */
  attempt<T>(component: string, inspect: () => T): T | undefined {
    try {
      return inspect();
    } catch (error) {
      if (!(error instanceof AttuneError)) throw error;
      const { kind, message, where } = error;
      if (kind !== 'checkpoint-incomplete' || where.file === undefined)
        this.faults.push({ component, kind, message, where });
      else this.missing.push({ component, ...where, file: where.file });
      return undefined;
    }
  }

  addSpec(spec: ComponentSpec): void {
    const { name, library, className } = spec;
    const component = this.attempt(name, () => {
      const missing = missingOfComponent(spec);
      for (const file of missing) this.addMissing(name, file);
      return spec.role === 'network' && missing.length === 0 ? openComponent(spec.folder, { name }) : undefined;
    });
    if (component !== undefined) this.addComponent(component, spec);
    else
      this.components.push({ name, library, className, otherWeights: [], dtypes: {}, parameters: 0, bytesOnDisk: 0 });
  }

  addComponent(component: Component, spec?: ComponentSpec): void {
    const { name, config, weights, files, chosen, others } = component;
    // A family refuses what it cannot open; the component is described all the same.
    const finding = this.attempt(name, () => this.families(component));
    for (const tensor of finding?.missingTensors ?? []) this.addMissing(name, chosen.file, tensor);
    if (finding?.activationBytes !== undefined)
      this.activationBytes = Math.max(this.activationBytes ?? 0, finding.activationBytes);
    const className = config.className ?? spec?.className;
    const detectedClass = componentClass(weights)?.className;
    const described = {
      name,
      ...(spec && { library: spec.library }),
      ...(className !== undefined && { className }),
      ...(detectedClass !== undefined && { detectedClass }),
      ...(finding && { family: finding.family }),
    };
    this.addWeights(
      described,
      files,
      chosen.file,
      others.map(({ file }) => file),
    );
  }

  addWeights(
    described: Pick<ComponentReport, 'name' | 'library' | 'className' | 'detectedClass' | 'family'>,
    files: readonly SafetensorsFile[],
    weights: string,
    otherWeights: readonly string[],
  ): void {
    const dtypes: Partial<Record<FileDType, number>> = {};
    let parameters = 0;
    for (const file of files) {
      this.files.set(file.realPath, file);
      for (const { dtype, shape } of file.tensors.values()) {
        dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
        parameters += elementCount(shape);
      }
    }
    const bytesOnDisk = sum(files.map(({ sizeBytes }) => sizeBytes));
    this.components.push({ ...described, weights, otherWeights, dtypes, parameters, bytesOnDisk });
  }

  addVocabulary(folder: string): void {
    const read = this.attempt('vocabulary', () => readVocabulary(folder));
    if (read === undefined) return;
    const { objects, colours, places, positions } = read;
    this.vocabulary = {
      objects: objects.length,
      colours: colours.length,
      places: places.length,
      positions: positions.length,
    };
  }

  report(path: string, form: CheckpointReport['form'], title: string): CheckpointReport {
    const files = [...this.files.values()];
    const tensors = files.flatMap((file) => [...file.tensors.values()]);
    const half = sum(
      tensors.filter(({ dtype }) => dtype === 'F16' || dtype === 'BF16').map(({ byteLength }) => byteLength),
    );
    const wide = sum(tensors.map(({ byteLength }) => byteLength)) - half;
    return {
      path,
      form,
      title,
      components: this.components,
      missing: this.missing,
      faults: this.faults,
      parameters: sum(this.components.map(({ parameters }) => parameters)),
      bytesOnDisk: sum(files.map(({ sizeBytes }) => sizeBytes)),
      memory: estimateMemory({ wide, half }, this.activationBytes),
      ...(this.vocabulary && { vocabulary: this.vocabulary }),
    };
  }

  private addMissing(component: string, file: string, tensor?: string): void {
    this.missing.push({ component, file, ...(tensor !== undefined && { tensor }) });
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
