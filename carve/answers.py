"""New answers: from add, remove and change, and old answers carried over to a later version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carve.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carve.template import Template

YES_OR_NO = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def switch(answers: dict[str, Any], options: Iterable[str], *, on: bool) -> dict[str, Any]:
    """Turn options on or off.

    Raises: Refusal: there is no such option, or it already has that value.

    """
    known = [name for name, it in answers.items() if isinstance(it, bool)]
    for name in options:
        if name not in known:
            choice = f" To choose, run: carve change {name}=…" if name in answers else ""
            raise Refusal(f"{name}: is not an option. There are {', '.join(known)}.{choice}")
        if answers[name] is on:
            raise Refusal(f"{name}: is {'on' if on else 'off'} already. See: carve status")
    return {**answers, **dict.fromkeys(options, on)}


def change(template: Template, answers: dict[str, Any], said: Iterable[str]) -> dict[str, Any]:
    """Change answers, given as `question=answer`.

    Raises:
        Refusal: there is no such question, or the answer is not among its choices.

    """
    changed = dict(answers)
    for one in said:
        name, equals, text = one.partition("=")
        if not equals or name not in template.questions:
            asked = ", ".join(template.questions)
            raise Refusal(f"{one}: is not QUESTION=ANSWER. The questions are {asked}.")
        asked = template.questions[name]
        if isinstance(asked, bool) and text.lower() not in YES_OR_NO:
            raise Refusal(f"{one}: is neither true nor false.")
        changed[name] = YES_OR_NO[text.lower()] if isinstance(asked, bool) else text
        check_choice(template, name, changed[name])
    return changed


def check_choice(template: Template, name: str, answer: object) -> None:
    """Refuse an answer that is not among the choices."""
    choices = template.questions[name]
    if isinstance(choices, list) and answer not in choices:
        offered = " or ".join(f"{name}={it}" for it in choices)
        raise Refusal(
            f"{name}: {answer} is not offered in {template.version}. Add to the command: {offered}"
        )


def carry_over(
    template: Template, answers: dict[str, Any], said: Iterable[str]
) -> tuple[dict[str, Any], list[str]]:
    """Carry answers over to a later version; return notices of new and removed questions.

    `_renamed` in its cookiecutter.json has the old name of a question that was renamed or split off
    another one. A new option is off.
    """
    renamed = template.manifest.get("_renamed", {})
    changed, notices = {}, []
    for name, asked in template.questions.items():
        old = name if name in answers else renamed.get(name)
        if old in answers:
            changed[name] = answers[old]
            notices += (
                [f"{name}: has the answer of {old}, {say(answers[old])}"] if old != name else []
            )
        elif isinstance(asked, bool):
            changed[name] = False
            notices.append(f"{name}: is new, and off. To turn it on, run: carve add {name}")
        else:
            changed[name] = asked[0] if isinstance(asked, list) else asked
            notices.append(
                f"{name}: is new, and {changed[name]}. To choose, run: carve change {name}=…"
            )
    used = {renamed.get(name, name) for name in template.questions}
    notices += [
        f"{name}: is no longer asked" for name in answers if name not in used | set(changed)
    ]
    changed = change(template, changed, said)
    for name, answer in changed.items():
        check_choice(template, name, answer)
    return changed, notices


def say(answer: object) -> str:
    """Format an answer as it is given on the command line."""
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Yield the answers that differ."""
    for name, answer in new.items():
        if name in old and old[name] != answer:
            yield f"{name}: {say(old[name])} -> {say(answer)}"
