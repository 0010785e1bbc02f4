import { useTranslation } from 'react-i18next';
import { ACTIONS, type ActionGroup, readable } from '../actions/actions.ts';
import { setView, useView } from '../state/view.ts';
import { Dialog } from '../ui/controls.tsx';

const GROUPS: readonly ActionGroup[] = ['run', 'picture', 'mask', 'view', 'history', 'app'];
const CANVAS = ['space', 'wheel', 'arrows', 'enter', 'escape', 'hold'] as const;
const PROMPT = ['weightUp', 'weightDown', 'complete'] as const;

/** Every key, drawn from the actions themselves. */
export function KeysDialog() {
  const { t } = useTranslation();
  const isOpen = useView(({ dialog }) => dialog === 'keys');
  return (
    <Dialog
      title={t('keys.title')}
      isOpen={isOpen}
      closeLabel={t('app.close')}
      onClose={() => setView({ dialog: null })}
    >
      <div className="keys">
        {GROUPS.map((group) => (
          <section key={group}>
            <h3>{t(`keys.group.${group}`)}</h3>
            <dl>
              {ACTIONS.filter((action) => action.group === group).map(({ id, keys }) => (
                <div key={id}>
                  <dt>{t(`keys.action.${id}` as 'keys.action.run')}</dt>
                  <dd>
                    <kbd>{readable(keys[0] ?? '')}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        {(['canvas', 'prompt'] as const).map((group) => (
          <section key={group}>
            <h3>{t(`keys.group.${group}`)}</h3>
            <dl>
              {(group === 'canvas' ? CANVAS : PROMPT).map((id) => (
                <div key={id}>
                  <dt>{t(`keys.fixed.${id}.text`)}</dt>
                  <dd>
                    <kbd>{t(`keys.fixed.${id}.keys`)}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
