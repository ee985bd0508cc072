"""A country, typed by its name or its two letters."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QWidget

from learnhub_desktop.models.countries import countries, country_name, read_country
from learnhub_desktop.ui.widgets.fields import TextField


class CountryField(TextField):
    """Gives the code, or None where nothing is typed."""

    def __init__(
        self,
        name: str,
        label: str,
        *,
        code: str | None = None,
        hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            name,
            label,
            text=country_name(code) if code else "",
            check=lambda text: read_country(text, field=name),
            placeholder="Germany, or DE",
            hint=hint,
            parent=parent,
        )
        known = QCompleter([f"{shown} ({code})" for code, shown in countries()], self.line)
        known.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        # Whoever types "de" means the code that stands at the end.
        known.setFilterMode(Qt.MatchFlag.MatchContains)
        known.setMaxVisibleItems(8)
        self.line.setCompleter(known)
