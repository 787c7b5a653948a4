<#
.SYNOPSIS
Checks ESE databases and repairs those that need it, from the task scheduler.

.DESCRIPTION
The stores must be dismounted at that hour. edbmend refuses whatever is open, and nothing here overrides
a guard. A database that is open is tried again at the next run. There is no time limit: a repair that is
killed half-way has to be recovered. Set none in the task either.

Each database has a run and an outcome of its own: repaired, nothing to do, refused, failed or unfinished.
One that is refused, or cannot be read, stops no other. Only where a write was left unfinished by this run
the rest is not begun: the disk has to be looked at first.

Fill in Send-Word. The event source is created once, by an administrator:
New-EventLog -LogName Application -Source edbmend

Runs in Windows PowerShell 5.1 and in PowerShell 7.

The folder of the reports must be one in which nobody but administrators may write: docs/windows-fleet.md.

The exit code is the worst of all databases, 0 to 7 as edbmend has them. 7 never comes from an unattended
run of edbmend. Here it says that another run of this script is at work, and nothing was looked at. Where
a report is not whole, or could not be kept, the code is at least 4. Any code above 7 is that of a program
which ended so.

.EXAMPLE
.\Repair-Unattended.ps1 -BackupDir E:\edbmend D:\mdbdata\priv1.edb D:\mdbdata\pub1.edb
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    # powershell.exe -File takes no list, but several words.
    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Database = @(),
    [string] $Program = 'edbmend.exe',
    [string] $Reports = "$env:ProgramData\edbmend\reports",
    [string] $BackupDir = '',
    # Finish an interrupted operation by itself. Otherwise it is only said what recover would do.
    [switch] $Recover
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# The report is UTF-8.
[Console]::OutputEncoding = [Text.Encoding]::UTF8

# Where the administrator reads it. Put mail or a ticket here. The event identifier is 1000 and the exit
# code, so that a task or a monitor can wait for it.
function Send-Word([string] $Level, [int] $Code, [string] $Text) {
    Write-Output ('{0}: {1}' -f $Level, $Text)
    try {
        Write-EventLog -LogName Application -Source edbmend -EntryType $Level -EventId (1000 + $Code) -Message $Text
    }
    catch {
        # Without the source, or in PowerShell 7, which has no Write-EventLog.
        Write-Verbose "event log: $_"
    }
}

# The exit code of the last run of edbmend, and of a database when it is through.
$script:Code = 0
# The worst of all.
$script:Worst = 0
# The report of the last run; null where it left none.
$script:Report = $null
# Numbers the reports.
$script:Runs = 0
# Why no other database is begun.
$script:Halt = ''

# Why it was not done, and the way out.
function Get-Reason {
    $lines = foreach ($refusal in $script:Report.refusals) {
        '{0}: {1}: {2} Do: {3}' -f $refusal.id, $refusal.path, $refusal.message, $refusal.remedy
    }
    $lines -join "`r`n"
}

# Whether the last report has this refusal, or this finding.
function Test-Id([string] $Id) {
    $all = @($script:Report.refusals) + @($script:Report.databases | ForEach-Object { $_.findings })
    @($all | Where-Object { $null -ne $_ -and $_.id -eq $Id }).Count -gt 0
}

# The command that undoes the last run.
function Get-Undo {
    $commands = foreach ($done in $script:Report.databases) {
        if ($null -ne $done.operation) { 'edbmend restore "{0}"' -f $done.operation.dir }
    }
    $commands -join '; '
}

# Tells what the last run came to.
function Send-Outcome([string] $Path) {
    switch ($script:Report.outcome) {
        'committed' {
            Send-Word Warning 0 "repaired: $Path. Mount the store and run a full backup at once. Undo: $(Get-Undo)"
        }
        { $_ -in 'ok', 'nothing-to-do', 'overtaken' } { Send-Word Information 0 "nothing to do: $Path" }
        'refused' {
            if (Test-Id 'in-use') { Send-Word Information 3 "refused: ${Path}: in-use: it is open, the next run tries again" }
            else { Send-Word Error 3 "refused: ${Path}: $(Get-Reason)" }
        }
        'rolled-back' {
            if ($script:Code -eq 0) { Send-Word Warning 0 "rolled back: the header of $Path is as it was before" }
            else {
                Send-Word Error 5 ("rolled back: ${Path}: it failed while writing; the old header is back. " +
                    "Look at the disk: $(Get-Reason)")
            }
        }
        'pending' { Send-Word Error 6 "unfinished: ${Path}: do not mount. $(Get-Reason)" }
        default { Send-Word Error $script:Code "failed, nothing was changed: ${Path}: $(Get-Reason)" }
    }
}

# Tells the errors of the last check.
function Send-Left([string] $Path) {
    foreach ($database in $script:Report.databases) {
        foreach ($finding in @($database.findings | Where-Object { $_.severity -eq 'error' })) {
            Send-Word Warning 1 "still there: ${Path}: $($finding.id): $($finding.message) Do: $($finding.remedy)"
        }
    }
}

# Runs edbmend and keeps its report. What it leaves is in $script:Code and $script:Report.
function Invoke-Edbmend([string] $Name, [string] $Path, [string[]] $Arguments) {
    $script:Runs++
    $script:Report = $null
    $file = Join-Path $Reports ('{0:yyyyMMddTHHmmssZ}-{1}-{2}-{3}.json' -f [DateTime]::UtcNow, $PID, $script:Runs, $Name)
    # Progress goes to standard error and is left there. Windows PowerShell makes errors of it where it
    # is redirected.
    $text = (& $Program @Arguments --json --log-file (Join-Path $Reports 'edbmend.log') $Path) -join "`n"
    $script:Code = $LASTEXITCODE
    # What was done is told, also where its report cannot be kept.
    try { [IO.File]::WriteAllText($file, $text) }
    catch {
        $script:Worst = Get-Worse $script:Worst 4
        Send-Word Error 8 "the report $file of edbmend $Name could not be kept: $_"
    }
    try {
        $whole = ConvertFrom-Json $text
        if ($whole.exit_code -eq $script:Code) { $script:Report = $whole }
    }
    catch {
        Write-Verbose "report: $_"
    }
    if ($null -eq $script:Report) {
        $script:Halt = 'the one before it left no report. See to that first'
        Send-Word Error 8 ("no report: ${Path}: edbmend $Name ended with $($script:Code). If it was killed, an " +
            "operation may be pending. Do: edbmend recover --dry-run `"$Path`"")
        # A code that is worse stays: after a write it is the only word on it.
        $script:Code = Get-Worse $script:Code 4
    }
}

# What an interrupted operation needs. Which way it goes is told first; whether it may go there by
# itself is the administrator's choice. What it leaves in $script:Code is not 0 where the database must be
# left alone.
function Invoke-Recovery([string] $Path) {
    Invoke-Edbmend 'recover-dry-run' $Path @('recover', '--dry-run')
    if ($null -eq $script:Report) { return }
    if ($script:Code -ne 0) { Send-Outcome $Path; return }
    $ways = foreach ($pending in $script:Report.databases) {
        if ($pending.PSObject.Properties['direction']) { $pending.direction }
    }
    $way = $ways -join ', '
    if (-not $Recover) {
        $script:Code = 6
        Send-Word Error 6 ("unfinished: ${Path}: do not mount. Recover would go this way: $way. " +
            "Do: edbmend recover `"$Path`"")
        return
    }
    Send-Word Warning 6 "recover goes this way: ${Path}: $way"
    Invoke-Edbmend 'recover' $Path @('recover', '--yes')
    if ($null -ne $script:Report) { Send-Outcome $Path }
}

# Brings a database to its outcome, tells it, and leaves its exit code in $script:Code.
function Repair-Database([string] $Path) {
    Invoke-Edbmend 'check' $Path @('check')
    if ($null -eq $script:Report) { return }
    if ($script:Code -eq 1 -and (Test-Id 'operation-pending')) {
        Invoke-Recovery $Path
        if ($script:Code -ne 0) { return }
        Invoke-Edbmend 'check' $Path @('check')
        # A recovery that went forward has repaired it.
        if ($null -eq $script:Report -or $script:Code -eq 0) { return }
    }
    # Nothing is wrong, or check could not make sense of the file; nor could a repair.
    if ($script:Code -ne 1) { Send-Outcome $Path; return }
    $options = @('repair', '--yes')
    if ($BackupDir) { $options += @('--backup-dir', $BackupDir) }
    Invoke-Edbmend 'repair' $Path $options
    if ($null -eq $script:Report) { return }
    Send-Outcome $Path
    if ($script:Code -eq 6) {
        $script:Halt = 'the one before it is unfinished. Look at the disk first'
        Invoke-Recovery $Path
        # Whatever kept recover from it.
        if ($script:Code -ne 0) { $script:Code = Get-Worse $script:Code 6 }
        else { $script:Halt = '' }
    }
    if ($script:Code -ne 0) { return }
    # What a repair does not mend is still there, and the exit code says so.
    Invoke-Edbmend 'check-after' $Path @('check')
    if ($null -ne $script:Report) { Send-Left $Path }
}

# The place of an exit code among the others, the worst last.
function Get-Rank([int] $Code) {
    switch ($Code) {
        0 { 0 }
        1 { 1 }
        7 { 2 }
        { $_ -in 2, 3 } { 3 }
        { $_ -in 4, 5, 6 } { $Code }
        default { 7 }
    }
}

# The worse of two exit codes.
function Get-Worse([int] $One, [int] $Other) {
    if ((Get-Rank $One) -gt (Get-Rank $Other)) { $One } else { $Other }
}

if ($Database.Count -eq 0) {
    Send-Word Error 2 'usage: Repair-Unattended.ps1 DATABASE...; nothing was looked at'
    exit 2
}
if (-not (Get-Command $Program -ErrorAction SilentlyContinue)) {
    Send-Word Error 4 "$Program is not on this host: nothing was looked at"
    exit 4
}
try {
    New-Item -ItemType Directory -Force -Path $Reports | Out-Null
}
catch {
    Send-Word Error 4 "the folder $Reports cannot be made: nothing was looked at: $_"
    exit 4
}
# Held until this process ends, however it ends. A named mutex would be anybody's.
try {
    $lock = [IO.File]::Open((Join-Path $Reports 'lock'), 'OpenOrCreate', 'ReadWrite', 'None')
}
catch [IO.IOException] {
    Send-Word Warning 7 "another run of this script is at work: nothing was done: $_"
    exit 7
}
catch {
    Send-Word Error 4 "its lock in $Reports cannot be opened: nothing was looked at: $_"
    exit 4
}
try {
    foreach ($one in $Database) {
        $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($one)
        if ($script:Halt) {
            Send-Word Error 6 "not begun: ${path}: $($script:Halt)"
            $script:Code = 4
        }
        else {
            try { Repair-Database $path }
            catch {
                # Of this script: the program may have been at work.
                $script:Halt = 'this script failed at the one before it. See to that first'
                Send-Word Error 8 "failed: ${path}: $_ Do: edbmend recover --dry-run `"$path`""
                $script:Code = Get-Worse $script:Code 4
            }
        }
        $script:Worst = Get-Worse $script:Worst $script:Code
    }
}
finally {
    $lock.Dispose()
}
exit $script:Worst
