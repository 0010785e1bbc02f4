/** A closed list, so that a caller can branch on it. */
export type ErrorKind =
  | 'checkpoint-malformed' // a weight file, an index or a config breaks its format
  | 'checkpoint-incomplete' // a file or a tensor that the model needs is absent
  | 'checkpoint-unsupported' // a sound checkpoint of a family or form we do not run
  | 'graph-invalid' // shapes or types do not fit while a graph is built: a defect of a model file, never of a user
  | 'request-invalid' // a prompt, a parameter, a size or a mask that cannot be used
  | 'media-invalid' // a picture or a clip that cannot be read
  | 'runtime-failed' // onnxruntime refused or failed
  | 'memory-exceeded' // the job does not fit, known before it starts or when memory ran out
  | 'file-failed' // reading or writing a file failed
  | 'cancelled';

/** The file, the tensor, the field of a request or of a config that an error is about. */
export interface ErrorWhere {
  readonly file?: string;
  readonly tensor?: string;
  readonly field?: string;
}

/**
 * The one error class of the engine. `message` is a sentence a user can act on; `where` names what it is about. Anything else that is
 * thrown is a defect of ours.
 */
export class AttuneError extends Error {
  override readonly name = 'AttuneError';
  readonly kind: ErrorKind;
  readonly where: ErrorWhere;

  constructor(kind: ErrorKind, message: string, where: ErrorWhere = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.where = where;
  }
}

/** Throws the `cancelled` error when the signal has been raised; called between steps. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AttuneError('cancelled', 'The job was cancelled.');
}
