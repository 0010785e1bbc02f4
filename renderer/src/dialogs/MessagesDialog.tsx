import { useTranslation } from 'react-i18next';
import { NoticeText } from '../panels/Notices.tsx';
import { useSession } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { Button, Dialog } from '../ui/controls.tsx';

/** Everything that was said since the window was opened, with the buttons that went with it. */
export function MessagesDialog() {
  const { t } = useTranslation();
  const isOpen = useView(({ dialog }) => dialog === 'messages');
  const messages = useSession((session) => session.messages);
  return (
    <Dialog
      title={t('app.notices')}
      isOpen={isOpen}
      closeLabel={t('app.close')}
      onClose={() => setView({ dialog: null })}
    >
      {messages.length === 0 && <p className="empty">{t('app.noMessages')}</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <ul className="messages scroll" tabIndex={0}>
        {messages.map(({ id, tone, text, details, action }) => (
          <li key={id} className={`notice ${tone}`}>
            <NoticeText text={text} details={details} />
            {action !== undefined && <Button onClick={action.run}>{action.label}</Button>}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
