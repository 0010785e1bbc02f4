/**
 * Loaded with `node --import` before the code under test: a process in which importing Electron, a native package or child
 * processes fails, and so does touching a name of the DOM.
 */
import { registerHooks } from 'node:module';

const closed = ['electron', 'onnxruntime-node', 'sharp', 'exifreader', 'child_process', 'react'];

registerHooks({
  resolve(specifier, context, nextResolve) {
    const name = specifier.replace(/^node:/, '');
    const hit = closed.find((packageName) => name === packageName || name.startsWith(`${packageName}/`));
    if (hit) throw new Error(`closed world: ${context.parentURL ?? 'the entry'} imports ${hit}`);
    return nextResolve(specifier, context);
  },
});

for (const name of ['window', 'document', 'localStorage', 'HTMLElement', 'ImageData', 'OffscreenCanvas']) {
  Object.defineProperty(globalThis, name, {
    get() {
      throw new Error(`closed world: ${name} was used`);
    },
  });
}
