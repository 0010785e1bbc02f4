import { fileURLToPath } from 'node:url';

/** Folder of the checkpoints that ship with Attune. */
export const EMBEDDED = fileURLToPath(new URL('../models/embedded', import.meta.url));
export const EMBEDDED_IMAGE = 'embedded/image';
