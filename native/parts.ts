/** Packages with native code for one system each, and what of Attune stands still without them. */
const PARTS: Readonly<Record<string, string>> = {
  sharp: 'pictures',
  'onnxruntime-node': 'networks',
  'onnxruntime-common': 'networks',
  tokenizers: 'prompts',
};

/**
 * A sentence for an error that says that a native part cannot be loaded; undefined for any other. Imports none of them, so that it is there
 * when they are not.
 */
export function missingPart(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  // sharp tells by its sentence alone. A package that is there without what it needs has no exports.
  const isLoading =
    /^(ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_DLOPEN_FAILED)$/.test(code) ||
    /could not load the "sharp" module|does not provide an export|cannot find native binding/i.test(error.message);
  const [first = ''] = error.message.split('\n', 1);
  const part = Object.keys(PARTS).find((name) => error.message.includes(name));
  if (!isLoading || part === undefined) return undefined;
  return (
    `The package ${part}, without which no ${PARTS[part]} can be read, is not whole here (${first}). Install again with what belongs to ` +
    'this system, optional packages included: "npm ci" in a clone of Attune, "npm install --include=optional" elsewhere.'
  );
}
