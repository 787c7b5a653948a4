# Copyright: the edbmend authors
# MIT License (see LICENSE)
"""The options that the modules share."""

from __future__ import annotations


class ModuleDocFragment:
    # Of every module.
    DOCUMENTATION = r"""
options:
  executable:
    description: The program, by its path, or by its name where it is on the PATH.
    type: path
    default: edbmend
  log_file:
    description: A file on the host to which the run appends what it does. Not written in check mode.
    type: path
author:
  - the edbmend authors (@edbmend)
"""

    # Of those that look at the logs of a database.
    GROUP = r"""
options:
  log_dir:
    description: Where the transaction logs are, where that is another folder.
    type: path
  system_dir:
    description: Where the checkpoint is, where that is another folder.
    type: path
"""

    # Of those that write.
    GUARDED = r"""
options:
  allow_unproven_lock:
    description:
      - Go on where the file system cannot prove that nobody else has the file open.
      - Only for a store that is certainly dismounted. The program's guards page says what this gives up.
    type: bool
    default: false
  allow_shared_backup_dir:
    description:
      - Go on where another user can write to the folder of the backup, or of the operation.
      - Whoever can write there can decide what is written.
    type: bool
    default: false
attributes:
  check_mode:
    description: Runs the program with C(--dry-run). All guards are asked, and nothing is created.
    support: full
notes:
  - The task fails on every exit code but 0. V(3) is a guard, V(4) a failure that changed nothing, V(5) a failure after
    which the old header is back, V(6) a pending operation.
  - Every module that writes returns what M(edbmend.ese.repair) returns.
"""

    # Of those that write, and make a backup first.
    BACKED_UP = r"""
options:
  backup_dir:
    description: Where the operation folder goes. The default is the folder C(edbmend) beside the database or the logs.
    type: path
  allow_backup_in_memory:
    description: Go on where the backup folder is in memory, and gone when the machine stops.
    type: bool
    default: false
"""
