import { useTranslation } from 'react-i18next';
import type { MethodDescription, ModelInfo } from '../../../contract/index.ts';
import { change, useEditor } from '../state/editor.ts';
import { defaultsFor } from '../state/request.ts';
import { useSession } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { PromptInput } from './PromptInput.tsx';

type PromptName = 'sourcePrompt' | 'prompt' | 'negative';

/** The prompts that the method takes, with what the model makes of them. */
export function Prompts({
  method,
  model,
}: {
  readonly method: MethodDescription;
  readonly model: ModelInfo | undefined;
}) {
  const { document } = useEditor();
  const guidance = document.guidance ?? defaultsFor(method, model)?.guidance;
  const both = method.inputs.sourcePrompt !== undefined;
  return (
    <div className="prompts">
      {both && <OnePrompt name="sourcePrompt" other={document.prompt} model={model} />}
      <OnePrompt name="prompt" other={both ? document.sourcePrompt : undefined} model={model} />
      {/* One that is written is shown: it goes along, and the line above the button says that it is not read. */}
      {method.inputs.negative !== undefined && (guidance !== 1 || document.negative !== '') && (
        <OnePrompt name="negative" other={undefined} model={model} />
      )}
    </div>
  );
}

function OnePrompt({
  name,
  other,
  model,
}: {
  readonly name: PromptName;
  readonly other: string | undefined;
  readonly model: ModelInfo | undefined;
}) {
  const { t } = useTranslation();
  const value = useEditor((state) => state.document[name]);
  const method = useEditor((state) => state.document.method);
  const heated = useView(({ heatWord }) => heatWord);
  return (
    <PromptInput
      id={name}
      label={t(`prompt.${name}`)}
      value={value}
      placeholder={t(
        name === 'prompt' && method === 'generate' ? 'prompt.placeholder.generate' : `prompt.placeholder.${name}`,
      )}
      model={model}
      other={other}
      heated={heated}
      onChange={(text) => change(name, { [name]: text })}
      onWord={hover}
    />
  );
}

/** Shows the map of the word under the pointer, where there is one. */
function hover(word: string | null): void {
  const { run, history } = useSession.getState();
  const { shown } = useEditor.getState().document;
  const known =
    run === null ? history.find(({ id }) => id === shown)?.maps.map((map) => map.word) : Object.keys(run.maps);
  const found = word === null ? undefined : known?.find((name) => name.toLowerCase() === word.toLowerCase());
  if (useView.getState().heatWord !== (found ?? null)) setView({ heatWord: found ?? null });
}
