import pytest


def test_a_course_is_archived_and_restored(learnhub, home):
    course_id = home.courses["Python Basics"]
    archived = learnhub("archive", course_id, "--reason", "Out of date “now” 🎓")
    assert archived.code == 0
    assert archived.out.startswith("Archived “Python Basics”.")
    assert home.ask("SELECT reason FROM archived_courses") == ["Out of date “now” 🎓"]

    found = learnhub("restore", course_id, "--json").json
    assert (found["course_id"], found["title"]) == (course_id, "Python Basics")
    assert (found["status"], found["archive_id"]) == ("active", 1)
    assert found["archived_at"] < found["restored_at"]


def test_a_second_archive_and_a_second_restore_are_refused(learnhub, home):
    course_id = home.courses["Python Basics"]
    assert learnhub("restore", course_id).sentence == "“Python Basics” is not archived."
    learnhub("archive", course_id, "--reason", "x")
    again = learnhub("archive", course_id, "--reason", "x", "--json")
    assert again.code == 1
    assert again.json == {"error": "“Python Basics” is archived already.", "exit_code": 1}


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["archive", "1"], 2, "The following arguments are required: --reason"),
        (["archive", "1", "--reason", ""], 2, "The reason cannot be empty."),
        (["archive", "1", "--reason", "x" * 10_000], 2, "this has 10,000"),
        (["archive", "99", "--reason", "x"], 1, "There is no course with the number 99."),
        (["archive", "one", "--reason", "x"], 2, "“one” is not a number such as 318"),
        (["restore", "99"], 1, "There is no course with the number 99."),
        (["restore", "1.0"], 2, "“1.0” is not a number such as 318"),
        (["restore"], 2, "The following arguments are required: COURSE_ID"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_writes_nothing(learnhub, home, arguments, code, said):
    ended = learnhub(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert said in ended.sentence
    assert home.ask("SELECT count(*) FROM archived_courses") == [0]
