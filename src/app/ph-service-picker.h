/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What to share: any of what runs on this computer, looked for every few seconds as long as it is
 * shown; of what is often shared and does not run yet; and one rule that is typed by hand, checked
 * while it is. All of it may be chosen together, or nothing.
 *
 * Signals: `changed` (what is chosen) and `activated` (Return has been pressed on what is typed).
 */
#define PH_TYPE_SERVICE_PICKER (ph_service_picker_get_type ())
G_DECLARE_FINAL_TYPE (PhServicePicker, ph_service_picker, PH, SERVICE_PICKER, AdwBin)

/* What @rules (PhRuleItem) share already is not offered. */
void ph_service_picker_leave_out (PhServicePicker *picker, GListModel *rules);

/* Asks for nothing but a rule, and begins with @text. */
void ph_service_picker_edit (PhServicePicker *picker, const char *text);

gboolean ph_service_picker_is_empty (PhServicePicker *picker);

/* What is chosen, PhRuleItem, switched on; owned, may be empty. NULL if what is typed is no rule,
 * which the picker then says itself. */
GListStore *ph_service_picker_dup_rules (PhServicePicker *picker);

/* Says why what is typed cannot be taken, where it is typed. */
void ph_service_picker_show_problem (PhServicePicker *picker, const char *message);

G_END_DECLS
