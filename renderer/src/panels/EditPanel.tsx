import { useTranslation } from 'react-i18next';
import type { MethodDescription, ModelInfo } from '../../../contract/index.ts';
import { change, useEditor } from '../state/editor.ts';
import { useMethods } from '../state/methods.ts';
import { useSession } from '../state/session.ts';
import { LabelledSelect } from '../ui/controls.tsx';
import { MethodControls } from './MethodControls.tsx';
import { Prompts } from './Prompts.tsx';
import { RunBar } from './RunBar.tsx';

/** The panel beside the canvas: what to do, with what words, with which values. */
export function EditPanel() {
  const { t } = useTranslation();
  const { document } = useEditor();
  const { models: known } = useSession();
  const all = useMethods();
  const models = known.filter(({ makes }) => makes !== 'video');
  const methods = all.filter(({ makes }) => makes.includes('picture'));
  const method = methods.find(({ id }) => id === document.method);
  const model = models.find(({ ref }) => ref === document.checkpoint);
  return (
    <section className="edit-panel" aria-label={t('edit.panel')}>
      <div className="scroll">
        <div className="pair">
          <ModelChoice models={models} checkpoint={document.checkpoint} />
          <MethodChoice methods={methods} method={document.method} />
        </div>
        {method !== undefined && (
          <>
            <p className="hint">
              {method.summary}
              {method.paper !== undefined && <span className="paper"> {method.paper}</span>}
            </p>
            <Prompts method={method} model={model} />
            <MethodControls method={method} model={model} document={document} />
          </>
        )}
      </div>
      <RunBar method={method} model={model} />
    </section>
  );
}

function ModelChoice({ models, checkpoint }: { readonly models: readonly ModelInfo[]; readonly checkpoint: string }) {
  const { t } = useTranslation();
  return (
    <LabelledSelect
      id="model"
      label={t('edit.model')}
      value={checkpoint}
      choices={models.map(({ ref, title, isRunnable, notes }) => ({
        value: ref,
        title,
        ...(!isRunnable && { isDisabled: true, summary: notes[0] ?? t('models.cannotRun') }),
      }))}
      onChange={(value) => change('model', { checkpoint: value })}
    />
  );
}

function MethodChoice({
  methods,
  method,
}: {
  readonly methods: readonly MethodDescription[];
  readonly method: string;
}) {
  const { t } = useTranslation();
  return (
    <LabelledSelect
      id="method"
      label={t('edit.method')}
      value={method}
      choices={methods.map(({ id, title, summary }) => ({ value: id, title, summary }))}
      onChange={(value) => change('method', { method: value, steps: null, guidance: null })}
    />
  );
}
