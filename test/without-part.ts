/** Loaded with `node --import` before a program: a Node in which the package named in `WITHOUT_PART` was not installed. */
import { registerHooks } from 'node:module';

const part = process.env.WITHOUT_PART ?? '';

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(specifier === part ? `${part}-which-is-not-here` : specifier, context),
});
