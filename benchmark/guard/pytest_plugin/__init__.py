"""The pytest plugin of the guard.

plugin.py        its options, its marker, its fixture and its hooks
concerned.py     which tests concern the guard
option_table.py  the options, as pytest sees them
options.py       what the options say
marker.py        `@pytest.mark.accuracy(tier=..., margin=..., alpha=...)`
percentages.py   read the percentages of options and markers
writable.py      notice before dear work that its results could not be written
guarding.py      the guard of a run: it knows the options, the tests, and what they found
collected.py     the tests that check accuracies, and the files that were collected whole
outcomes.py      how the tests ended
place.py         where a test is, and where its references are
fixture.py       the fixture `accuracy`
question.py      what a test asks: is this model, or this training, still as accurate?
measure.py       evaluate the model
check.py         answer the question: save the reference, or compare with it
record.py        the record of an answer, which travels between processes
recording.py     make the record, with what to type next
summary.py       the table of all checks: in the terminal, as Markdown and as JSON
junit.py         the properties of a check in the JUnit file
finish.py        what happens once, after all checks of a run
report_files.py  write the results, the summary and the plots into a folder
github.py        the summary of the job and annotations on GitHub
shadowing.py     notice tests whose fixture `accuracy` is not the one of fewbench
warning.py       warn of a check that passed, but that somebody should look at
unused.py        find the references that no test uses
"""
