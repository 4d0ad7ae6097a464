"""Plausible wrong answers to the exercises of notebook 03, and words that the verdict's reason must contain."""

WRONG = {
    "least_grants": [
        ('least_grants = {"/config": ("config", "rw"), "/out": ("out", "rw")}', "can write where it only has to read"),
        ('least_grants = {"/config": "config", "/out": "out"}', "cannot do its work; it says: copy: perm."),
        ('least_grants = {"/config": "config"}', "cannot do its work"),
        ('least_grants = {"/config": "config", "/out": ("out", "rw"), "/keys": "keys"}', "can read the key: through '/keys'"),
        ('least_grants = {"/config": "config", "/out": ("out", "rw"), "/all": "."}', "can read the key: through '/all'"),
        ('least_grants = {"/config": "config", "/out": ("out", "rw"), "/more": ("out", "rw")}', "Two folders are enough"),
        ('least_grants = {"/config": "config", "/out": ("..", "rw")}', "is no folder of the host"),
        ('least_grants = {"/config": "config", "/out": ("out", "w")}', 'Write dirs={"/data"'),
        ('least_grants = {f"/{number}": "keys" for number in range(1000)}', "Two folders are enough"),
        ("least_grants = {}", "it says: copy: badf."),
        ('least_grants = ["config", "out"]', "should be a dict"),
    ],
    "memory_endings": [
        (
            'memory_endings = {"polite": "stopped at its memory limit", "careless": "trapped", "stubborn": "stopped at its time limit"}',
            "polite was not 'stopped at its memory limit'",
        ),
        (
            'memory_endings = {"polite": "exited", "careless": "stopped at its memory limit", "stubborn": "stopped at its time limit"}',
            "careless was not",
        ),
        ('memory_endings = {"polite": "exited", "careless": "trapped", "stubborn": "trapped"}', "stubborn was not 'trapped'"),
        ('memory_endings = {"polite": "exit", "careless": "trapped", "stubborn": "trapped"}', "should be one of 'exited'"),
        ('memory_endings = ["exited", "trapped"]', "a dict with the keys polite"),
    ],
    "could_write": [
        ('could_write = {"reach", "bad_names", "open_files", "link", "flood"}', "flood cannot change a folder"),
        ('could_write = {"reach"}', "bad_names is missing: it imports path_create_directory, path_open."),
        ('could_write = {"reach", "bad_names", "open_files"}', "link is missing: it imports path_symlink."),
        ('could_write = {"loop.wat"}', "without `.wat`"),
        ('could_write = "reach"', "should be a set of names"),
    ],
}
