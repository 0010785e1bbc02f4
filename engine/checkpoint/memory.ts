/** Memory a model needs, by what is known before a session exists. All in bytes; estimates, not measurements. */
export interface MemoryEstimate {
  /** Weights mapped from the files; the system may drop and reread these pages. */
  readonly mappedBytes: number;
  /** What the process holds for itself because of the weights. */
  readonly privateBytes: number;
  /** What a run needs beyond that, as the families say; absent when no family spoke. */
  readonly activationBytes?: number;
  /** The most private memory of the usual job, where the whole model could be opened and planned. */
  readonly usual?: { readonly width: number; readonly height: number; readonly peakBytes: number };
}

/** Bytes of weights by how wide they are stored. */
export interface StoredBytes {
  readonly wide: number;
  readonly half: number;
}

// For what cannot be planned as a job: a single component, or a model that lacks something. Measured on 24-layer SD3: a session over
// mapped float32 weights holds next to nothing of its own; over 4.2 GB of float16, widened layer by layer, it holds 0.4 GB.
const PRIVATE_SHARE_WIDE = 0.02;
const PRIVATE_SHARE_HALF = 0.1;

export function estimateMemory({ wide, half }: StoredBytes, activationBytes?: number): MemoryEstimate {
  return {
    mappedBytes: wide + half,
    privateBytes: Math.round(wide * PRIVATE_SHARE_WIDE + half * PRIVATE_SHARE_HALF),
    ...(activationBytes === undefined ? {} : { activationBytes }),
  };
}
